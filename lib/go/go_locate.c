#include "go/go_locate.h"

#include <elf.h>
#include <errno.h>
#include <string.h>

#include "go/go_instructions.h"

#define CODE_MOST 32768 /* bytes of a function; the largest of those below has some 7,000 */
#define INSTRUCTIONS_MOST 2048
#define DISTINCT_MOST 16

const struct go_variable_name go_variable_names[GO_VARIABLES] = {
	[GO_MBUCKETS] = {"runtime.mbuckets", 8},
	[GO_MEM_PROFILE_RATE] = {"runtime.MemProfileRate", 8},
	[GO_MPROF_CYCLE] = {"runtime.mProfCycle", 4},
	[GO_BUCKHASH] = {"runtime.buckhash", 8},
	[GO_GC_CONTROLLER] = {"runtime.gcController", 8},
	[GO_WRITE_BARRIER] = {"runtime.writeBarrier", 4},
	[GO_ALLGLEN] = {"runtime.allglen", 8},
	[GO_ALLGPTR] = {"runtime.allgptr", 8},
	[GO_BUILD_VERSION] = {"runtime.buildVersion", 8},
};

/* The functions that are looked into, and those that tell something by being there or called. */
enum function {
	FLUSH_LOCKED,
	FLUSH,
	PROFILEALLOC,
	NEXT_SAMPLE,
	PROF_MALLOC,
	MALLOCGC,
	MALLOCGC_LARGE,
	STKBUCKET,
	SCHEDINIT,
	BULK_BARRIER,
	FOR_EACH_G,
	ATOMIC_ALL_G,
	MEM_PROFILE,
	MEM_PROFILE_INTERNAL,
	CALLERS, /* of methods of gcController */
	REFILL = CALLERS,
	GCINIT,
	GC_TRIGGER_TEST,
	CONTROLLER_COMMIT,
	GC_MARK,
	FIND_RUNNABLE,
	METHODS,
	METHOD_UPDATE = METHODS,
	METHOD_INIT,
	METHOD_TRIGGER,
	METHOD_COMMIT,
	METHOD_REVISE,
	METHOD_RESET_LIVE,
	METHOD_FIND_WORKER,
	METHOD_ADD_IDLE,
	METHOD_REMOVE_IDLE,
	FUNCTIONS
};

static const char *const function_names[FUNCTIONS] = {
	[FLUSH_LOCKED] = "runtime.mProf_FlushLocked",
	[FLUSH] = "runtime.mProf_Flush",
	[PROFILEALLOC] = "runtime.profilealloc",
	[NEXT_SAMPLE] = "runtime.nextSample",
	[PROF_MALLOC] = "runtime.mProf_Malloc",
	[MALLOCGC] = "runtime.mallocgc",
	[MALLOCGC_LARGE] = "runtime.mallocgcLarge",
	[STKBUCKET] = "runtime.stkbucket",
	[SCHEDINIT] = "runtime.schedinit",
	[BULK_BARRIER] = "runtime.bulkBarrierPreWrite",
	[FOR_EACH_G] = "runtime.forEachGRace",
	[ATOMIC_ALL_G] = "runtime.atomicAllG",
	[MEM_PROFILE] = "runtime.MemProfile",
	[MEM_PROFILE_INTERNAL] = "runtime.memProfileInternal",
	[REFILL] = "runtime.(*mcache).refill",
	[GCINIT] = "runtime.gcinit",
	[GC_TRIGGER_TEST] = "runtime.gcTrigger.test",
	[CONTROLLER_COMMIT] = "runtime.gcControllerCommit",
	[GC_MARK] = "runtime.gcMark",
	[FIND_RUNNABLE] = "runtime.findRunnable",
	[METHOD_UPDATE] = "runtime.(*gcControllerState).update",
	[METHOD_INIT] = "runtime.(*gcControllerState).init",
	[METHOD_TRIGGER] = "runtime.(*gcControllerState).trigger",
	[METHOD_COMMIT] = "runtime.(*gcControllerState).commit",
	[METHOD_REVISE] = "runtime.(*gcControllerState).revise",
	[METHOD_RESET_LIVE] = "runtime.(*gcControllerState).resetLive",
	[METHOD_FIND_WORKER] = "runtime.(*gcControllerState).findRunnableGCWorker",
	[METHOD_ADD_IDLE] = "runtime.(*gcControllerState).addIdleMarkWorker",
	[METHOD_REMOVE_IDLE] = "runtime.(*gcControllerState).removeIdleMarkWorker",
};

struct search {
	struct elf_image *image;
	struct go_function functions[FUNCTIONS];
	struct go_location *location;
	struct go_instruction in[INSTRUCTIONS_MOST]; /* of the function looked into */
	size_t n;
	uint8_t code[CODE_MOST];
};

/* Variables that instructions refer to: each once, in the order of their first mention. */
struct targets {
	uint64_t at[DISTINCT_MOST];
	size_t n;
	uint64_t last; /* the last mention's */
};

/* Fill in the instructions of FUNCTION; none if it is not there. */
static void look_into(struct search *s, enum function function)
{
	const struct go_function *f = &s->functions[function];
	struct go_code code = {.address = f->start, .bytes = s->code};

	s->n = 0;
	if (!f->start || f->end <= f->start)
		return;
	code.size = MIN(f->end - f->start, sizeof(s->code));
	code.segment_count = elf_image_segments(s->image, &code.segments);
	if (elf_image_read(s->image, f->start, s->code, code.size) < 0)
		return;
	s->n = elf_image_machine(s->image) == EM_AARCH64
		       ? go_instructions_arm64(&code, s->in, INSTRUCTIONS_MOST)
		       : go_instructions_x86(&code, s->in, INSTRUCTIONS_MOST);
}

static size_t before_call(const struct search *s)
{
	size_t n = 0;

	while (n < s->n && s->in[n].operation != GO_CALL)
		n++;
	return n;
}

static bool has(const struct targets *t, uint64_t address)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->at[i] == address)
			return true;
	return false;
}

/* What the first N instructions do OPERATION to, WIDTH bytes wide (of an address: aligned so). */
static struct targets collect(const struct search *s, size_t n, enum go_operation operation,
			      uint8_t width)
{
	struct targets t = {.n = 0};

	for (size_t i = 0; i < n; i++) {
		const struct go_instruction *in = &s->in[i];

		if (in->operation != operation || (in->width && in->width != width) ||
		    in->target % width)
			continue;
		t.last = in->target;
		if (t.n < DISTINCT_MOST && !has(&t, in->target))
			t.at[t.n++] = in->target;
	}
	return t;
}

/* Does FUNCTION refer to the variable, by OPERATION? */
static bool refers(struct search *s, enum function function, enum go_operation operation,
		   enum go_variable variable)
{
	struct targets t;

	look_into(s, function);
	t = collect(s, s->n, operation, go_variable_names[variable].size);
	return has(&t, s->location->address[variable]);
}

/*
 * mProf_FlushLocked goes through all buckets, so it loads the list's head: the only variable of
 * eight bytes that it loads. Without optimization it calls a method of it: the address last taken.
 * There is one more thing to see: memRecordCycles are an array, so their size is a shift.
 */
static void find_mbuckets(struct search *s)
{
	struct targets loads, addresses;
	uint32_t size = 0;

	look_into(s, FLUSH_LOCKED);
	loads = collect(s, s->n, GO_LOAD, 8);
	addresses = collect(s, s->n, GO_ADDRESS, 8);
	if (loads.n == 1)
		s->location->address[GO_MBUCKETS] = loads.last;
	else if (loads.n == 0)
		s->location->address[GO_MBUCKETS] = addresses.last;
	for (size_t i = 0; i < s->n; i++) {
		if (s->in[i].operation != GO_SHIFT || (s->in[i].value != 4 && s->in[i].value != 5))
			continue;
		size = size && size != 1u << s->in[i].value ? UINT32_MAX : 1u << s->in[i].value;
	}
	s->location->record_size = size == UINT32_MAX ? 0 : size;
}

/* profilealloc loads mcache0, then MemProfileRate; nextSample, where it was not inlined there,
 * MemProfileRate alone. */
static void find_rate(struct search *s)
{
	struct targets loads;

	look_into(s, PROFILEALLOC);
	loads = collect(s, before_call(s), GO_LOAD, 8);
	if (loads.n != 2 || loads.last != loads.at[1]) {
		look_into(s, NEXT_SAMPLE);
		loads = collect(s, before_call(s), GO_LOAD, 8);
		if (loads.n != 1)
			return;
	}
	s->location->address[GO_MEM_PROFILE_RATE] = loads.last;
}

/* mProf_Flush begins with it; an address is taken where its method was not inlined. */
static void find_cycle(struct search *s)
{
	struct targets loads, addresses;

	look_into(s, FLUSH);
	loads = collect(s, before_call(s), GO_LOAD, 4);
	addresses = collect(s, before_call(s), GO_ADDRESS, 4);
	if (loads.n || addresses.n)
		s->location->address[GO_MPROF_CYCLE] = loads.n ? loads.at[0] : addresses.at[0];
	if (!refers(s, PROF_MALLOC, GO_LOAD, GO_MPROF_CYCLE) &&
	    !refers(s, PROF_MALLOC, GO_ADDRESS, GO_MPROF_CYCLE))
		s->location->address[GO_MPROF_CYCLE] = 0;
}

/* How often do the instructions do OPERATION to ADDRESS? */
static size_t count(const struct search *s, enum go_operation operation, uint64_t address)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		n += s->in[i].operation == operation && s->in[i].target == address;
	return n;
}

/* stkbucket begins with the table: loads its pointer, loads it again under a lock, takes its
 * address to set it. Without optimization all three are calls of methods. */
static void find_buckhash(struct search *s)
{
	struct targets loads, addresses;

	look_into(s, STKBUCKET);
	loads = collect(s, s->n, GO_LOAD, 8);
	addresses = collect(s, s->n, GO_ADDRESS, 8);
	if (loads.n && count(s, GO_LOAD, loads.at[0]) == 2 && has(&addresses, loads.at[0]))
		s->location->address[GO_BUCKHASH] = loads.at[0];
	else if (!loads.n && addresses.n && count(s, GO_ADDRESS, addresses.at[0]) == 3)
		s->location->address[GO_BUCKHASH] = addresses.at[0];
}

/* Its methods are called with its address in a register that was set just before: all calls must
 * agree. */
static void find_gc_controller(struct search *s)
{
	uint64_t found = 0;
	size_t votes = 0;

	for (enum function caller = CALLERS; caller < METHODS; caller++) {
		look_into(s, caller);
		for (size_t i = 1; i < s->n; i++) {
			const struct go_instruction *call = &s->in[i], *set = &s->in[i - 1];
			bool method = false;

			for (enum function f = METHODS; f < FUNCTIONS; f++)
				method |= s->functions[f].start &&
					  call->target == s->functions[f].start;
			if (!method || call->operation != GO_CALL || set->operation != GO_ADDRESS ||
			    call->at - set->at > 32)
				continue;
			if (found && set->target != found)
				return;
			found = set->target;
			votes++;
		}
	}
	if (votes >= 2 && found % 8 == 0)
		s->location->address[GO_GC_CONTROLLER] = found;
}

/* Every function that stores pointers asks it; schedinit does most often of all 32-bit variables.
 * bulkBarrierPreWrite asks first of all, for a byte: of old versions the fifth. */
static void find_write_barrier(struct search *s)
{
	bool arm64 = elf_image_machine(s->image) == EM_AARCH64;
	uint64_t best = 0, first = 0;
	size_t most = 0;

	look_into(s, BULK_BARRIER);
	for (size_t i = 0; i < s->n && !first; i++)
		if (s->in[i].width == 1)
			first = s->in[i].target;
	look_into(s, SCHEDINIT);
	for (size_t i = 0; i < s->n; i++) {
		const struct go_instruction *in = &s->in[i];
		size_t n;

		if (in->operation != (arm64 ? GO_LOAD : GO_COMPARE) || in->width != 4 || in->value)
			continue;
		n = count(s, in->operation, in->target);
		if (n > most) {
			most = n;
			best = in->target;
		}
	}
	if (best && (first == best || first == best + 4))
		s->location->address[GO_WRITE_BARRIER] = best;
}

static void find_goroutines(struct search *s)
{
	struct targets loads;

	look_into(s, FOR_EACH_G);
	loads = collect(s, s->n, GO_LOAD, 8);
	if (loads.n < 2) {
		look_into(s, ATOMIC_ALL_G);
		loads = collect(s, s->n, GO_LOAD, 8);
	}
	if (loads.n == 2) {
		s->location->address[GO_ALLGLEN] = loads.at[0];
		s->location->address[GO_ALLGPTR] = loads.at[1];
	}
}

/* A Go string (pointer, length) that says a version? */
static bool is_version(struct search *s, uint64_t address)
{
	const struct elf_segment *segments;
	size_t n = elf_image_segments(s->image, &segments);
	uint64_t string[2];
	char text[12];

	return go_is_variable(segments, n, address, 8) &&
	       elf_image_read(s->image, address + 8, &string[1], 8) == 0 && string[1] >= 6 &&
	       string[1] < 64 &&
	       elf_image_read_relocated(s->image, address, string, sizeof(string)) == 0 &&
	       elf_image_read(s->image, string[0], text, MIN(string[1], sizeof(text))) == 0 &&
	       (memcmp(text, "go1.", 4) == 0 || memcmp(text, "devel ", 6) == 0);
}

/* schedinit sets it to "unknown" if its length is 0. */
static void find_build_version(struct search *s)
{
	bool arm64 = elf_image_machine(s->image) == EM_AARCH64;

	look_into(s, SCHEDINIT);
	for (size_t i = 0; i < s->n; i++) {
		const struct go_instruction *in = &s->in[i];

		if (in->operation != (arm64 ? GO_LOAD : GO_COMPARE) || in->width != 8 ||
		    in->value || !is_version(s, in->target - 8))
			continue;
		s->location->address[GO_BUILD_VERSION] = in->target - 8;
		return;
	}
}

/* stkbucket puts new buckets into the list; every allocation looks at the rate. */
static bool is_confirmed(struct search *s)
{
	return s->location->address[GO_MBUCKETS] && s->location->address[GO_MEM_PROFILE_RATE] &&
	       refers(s, STKBUCKET, GO_ADDRESS, GO_MBUCKETS) &&
	       (refers(s, MALLOCGC, GO_LOAD, GO_MEM_PROFILE_RATE) ||
		refers(s, MALLOCGC_LARGE, GO_LOAD, GO_MEM_PROFILE_RATE));
}

int go_locate(struct elf_image *image, struct pclntab *table, struct go_location *ret)
{
	_cleanup_free_ struct search *s = calloc(1, sizeof(*s));
	struct go_location location = {.record_size = 0};
	uint16_t machine = elf_image_machine(image);
	int r;

	if (!s)
		return -ENOMEM;
	s->image = image;
	s->location = &location;
	for (size_t i = 0; i < FUNCTIONS; i++)
		s->functions[i].name = function_names[i];
	r = pclntab_find_functions(table, s->functions, FUNCTIONS);
	if (r < 0)
		return r;
	location.named = r > 0;
	location.mem_profile = s->functions[MEM_PROFILE].start != 0;
	location.mem_profile_internal = s->functions[MEM_PROFILE_INTERNAL].start != 0;
	if (machine == EM_X86_64 || machine == EM_AARCH64) {
		find_mbuckets(s);
		find_rate(s);
		find_cycle(s);
		find_buckhash(s);
		find_gc_controller(s);
		find_write_barrier(s);
		find_goroutines(s);
		find_build_version(s);
		location.confirmed = is_confirmed(s);
	}
	*ret = location;
	return 0;
}
