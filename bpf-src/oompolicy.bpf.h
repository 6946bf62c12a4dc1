/* What a policy includes; oomrank puts this text in the place of its #include line. */
#include "oomtools.bpf.h"
#include "oompolicy.h"

/* What a tired person writes and clang would only warn of: a score that is none. */
#pragma clang diagnostic error "-Wreturn-type"
#pragma clang diagnostic error "-Wint-conversion"
#pragma clang diagnostic error "-Wliteral-conversion"
#pragma clang diagnostic error "-Wfloat-conversion"

/* A policy decides, and does nothing itself. */
#pragma GCC poison bpf_send_signal bpf_send_signal_thread bpf_probe_write_user bpf_override_return

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
 * Of two measures the first goes before the second if it stands in the upper half. In the largest
 * cgroup the largest process, where 1 << 32 is more than any process has pages:
 *
 *	OOM_POLICY(largest_of_largest, candidate, domain)
 *	{
 *		return (candidate->cgroup_usage_bytes >> 20 << 32) + oom_policy_size(candidate);
 *	}
 *
 * It is not asked about those that nobody may kill: init, kernel threads, oom_score_adj -1000,
 * what has no memory of its own left. The pointers may be read as they are, without RD().
 */
#define OOM_POLICY(name, candidate, domain)                                          \
	static inline __attribute__((always_inline)) s64 oompolicy_ask(              \
		const struct oompolicy_candidate *candidate __attribute__((unused)), \
		const struct oompolicy_domain *domain __attribute__((unused)),       \
		struct oompolicy_verdict *oompolicy_said __attribute__((unused)))

/*
 * Say why this one, in words for people; of the one that is chosen they are shown in the place of
 * its score. WORDS: a "literal" of 63 characters at most. Behind them comes NUMBER, which is of
 * UNIT: OOM_POLICY_BYTES, OOM_POLICY_PAGES, OOM_POLICY_NANOSECONDS, OOM_POLICY_NUMBER, or
 * OOM_POLICY_NO_NUMBER.
 *
 *	OOM_POLICY_BECAUSE("the youngest, age", OOM_POLICY_NANOSECONDS, candidate->age_ns);
 */
#define OOM_POLICY_BECAUSE(words, unit_, number_)                                          \
	({                                                                                 \
		_Static_assert(sizeof(words) <= OOMPOLICY_WHY_SIZE, "too many words: 63 "  \
								    "characters at most"); \
		__builtin_memcpy(oompolicy_said->why, words, sizeof(words));               \
		oompolicy_said->unit = (unit_);                                            \
		oompolicy_said->number = (number_);                                        \
	})

/* Its whole cgroup with it: a score that is as good as any other, and a mark. */
#define OOM_POLICY_WHOLE_CGROUP(score) (oompolicy_cut(score) + OOM_POLICY_WHOLE)

static inline s64 oompolicy_cut(s64 score)
{
	return score < -OOM_POLICY_MOST	 ? -OOM_POLICY_MOST
	       : score > OOM_POLICY_MOST ? OOM_POLICY_MOST
					 : score;
}

/* Resident memory and swap, in pages. */
static inline s64 oom_policy_size(const struct oompolicy_candidate *candidate)
{
	return candidate->anon_pages + candidate->file_pages + candidate->shmem_pages +
	       candidate->swap_pages;
}

/* Numbers with a sign, such as points, which BPF cannot divide itself. By 0: 0. */
static inline s64 oom_policy_divide(s64 dividend, s64 divisor)
{
	u64 quotient;

	if (!divisor)
		return 0;
	quotient = (dividend < 0 ? -(u64)dividend : (u64)dividend) /
		   (divisor < 0 ? -(u64)divisor : (u64)divisor);
	return (dividend < 0) != (divisor < 0) ? -(s64)quotient : (s64)quotient;
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
