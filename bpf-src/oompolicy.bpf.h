/* What a policy includes; oomrank puts this text in the place of its #include line. */
#include "oomtools.bpf.h"
#include "oompolicy.h"

/*
 * A policy is one function. It is asked about each process that could be killed, and answers with a
 * score: the process with the highest one dies. It may also answer OOM_POLICY_SPARE: never this
 * one; or OOM_POLICY_WHOLE_CGROUP(score): if this one is chosen, then its cgroup with it.
 *
 *	OOM_POLICY(largest, candidate, domain)
 *	{
 *		return candidate->anon_pages + candidate->swap_pages;
 *	}
 *
 * It is not asked about those that nobody may kill: init, kernel threads, oom_score_adj -1000,
 * what has no memory of its own left. The pointers may be read as they are, without RD().
 */
#define OOM_POLICY(name, candidate, domain)                                          \
	static inline __attribute__((always_inline)) s64 oompolicy_ask(              \
		const struct oompolicy_candidate *candidate __attribute__((unused)), \
		const struct oompolicy_domain *domain __attribute__((unused)))

/* Resident memory and swap, in pages. */
static inline s64 oom_policy_size(const struct oompolicy_candidate *candidate)
{
	return candidate->anon_pages + candidate->file_pages + candidate->shmem_pages +
	       candidate->swap_pages;
}

/* Is the member TEXT of the candidate (comm, unit, cgroup_path ...) that WORD, a "literal"? */
#define OOM_POLICY_IS(text, word) OOM_POLICY_SAME(text, word, sizeof(word))

/* Does it begin with it? */
#define OOM_POLICY_BEGINS(text, word) OOM_POLICY_SAME(text, word, sizeof(word) - 1)

/* Without a branch for each character: the verifier follows all of them. */
#define OOM_POLICY_SAME(text, word, n)                                                \
	({                                                                            \
		const char wanted_[] = word;                                          \
		char differ_ = 0;                                                     \
                                                                                      \
		_Static_assert(sizeof(word) <= sizeof(text), "longer than any");      \
		_Pragma("unroll") for (int at_ = 0; at_ < (int)(n); at_++) differ_ |= \
			(text)[at_] ^ wanted_[at_];                                   \
		!differ_;                                                             \
	})
