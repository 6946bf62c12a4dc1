/* Records of texts that were edited: members moved, changed, missing, new ones of all kinds. */
#include "unit/unit.h"

#include <bpf/btf.h>
#include <errno.h>

#include "bpf-src/oomprof.h"
#include "bpf/event_field.h"
#include "bpf/event_layout.h"
#include "bpf/image_btf.h"

/* The tool's own. */
struct event {
	uint32_t kind, pid;
	uint64_t time;
	char comm[16];
	struct {
		uint64_t inode;
		uint16_t device;
	} key;
};

static const struct event_member members[] = {
	{"kind", offsetof(struct event, kind), 4},
	{"pid", offsetof(struct event, pid), 4},
	{"time", offsetof(struct event, time), 8},
	{"comm", offsetof(struct event, comm), 16},
	{"key.inode", offsetof(struct event, key.inode), 8},
	{"key.device", offsetof(struct event, key.device), 2},
};
static const struct event_struct own = {"event", sizeof(struct event), members,
					ARRAY_SIZE(members)};

/* The types that texts use, and where the next member goes. */
struct text {
	struct btf *btf;
	int u8, u16, u32, u64, s32, s64, boolean, character, comm, key;
	uint32_t bit;
};

static int setup(void **state)
{
	struct text *t = calloc(1, sizeof(*t));

	t->btf = btf__new_empty();
	t->u8 = btf__add_int(t->btf, "unsigned char", 1, 0);
	t->u16 = btf__add_int(t->btf, "unsigned short", 2, 0);
	t->u32 = btf__add_typedef(t->btf, "__u32", btf__add_int(t->btf, "unsigned int", 4, 0));
	t->u64 = btf__add_int(t->btf, "unsigned long long", 8, 0);
	t->s32 = btf__add_int(t->btf, "int", 4, BTF_INT_SIGNED);
	t->s64 = btf__add_int(t->btf, "long long", 8, BTF_INT_SIGNED);
	t->boolean = btf__add_int(t->btf, "_Bool", 1, BTF_INT_BOOL);
	t->character = btf__add_int(t->btf, "char", 1, BTF_INT_SIGNED);
	t->comm = btf__add_array(t->btf, t->s32, t->character, 16);
	t->key = btf__add_struct(t->btf, "key", 16);
	btf__add_field(t->btf, "inode", t->u64, 0, 0);
	btf__add_field(t->btf, "device", t->u16, 64, 0);
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	struct text *t = *state;

	btf__free(t->btf);
	free(t);
	return 0;
}

static void begin(struct text *t, uint32_t size)
{
	assert_true(btf__add_struct(t->btf, "event", size) > 0);
	t->bit = 0;
}

static void add(struct text *t, const char *name, int type, uint32_t bytes)
{
	assert_int_equal(btf__add_field(t->btf, name, type, t->bit, 0), 0);
	t->bit += bytes * 8;
}

static void add_bits(struct text *t, const char *name, int type, uint32_t bits)
{
	assert_int_equal(btf__add_field(t->btf, name, type, t->bit, bits), 0);
	t->bit += bits;
}

static void add_own(struct text *t)
{
	add(t, "kind", t->u32, 4);
	add(t, "pid", t->u32, 4);
	add(t, "time", t->u64, 8);
	add(t, "comm", t->comm, 16);
	add(t, "key", t->key, 16);
}

static int read_layout(struct text *t, struct event_layout **ret, struct strbuf *why)
{
	__u32 size;
	const void *bytes = btf__raw_data(t->btf, &size);

	return event_layout_read(bytes, size, &own, ret, why);
}

static struct event_layout *must_read(struct text *t)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	struct event_layout *l = NULL;

	if (read_layout(t, &l, &why) < 0)
		fail_msg("%s", strbuf_text(&why));
	assert_int_equal(why.length, 0);
	return l;
}

static void refused(struct text *t, int result, const char *reason)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	struct event_layout *l = NULL;

	assert_int_equal(read_layout(t, &l, &why), result);
	assert_null(l);
	assert_string_equal(strbuf_text(&why), reason);
}

/* The values as "name=value ...", kinds marked. */
static void check_values(const struct event_layout *l, const void *record, size_t size,
			 const char *want)
{
	_cleanup_strbuf_ struct strbuf got = {0};
	struct named_values values = {0};
	size_t names = 0;

	assert_int_equal(event_layout_values(l, record, size, &values), 0);
	for (size_t i = 0; i < values.count; i++) {
		const struct named_value *v = &values.list[i];

		assert_string_equal(event_layout_names(l)[names++], v->name);
		strbuf_printf(&got, "%s%s=", i ? " " : "", v->name);
		if (v->kind == NAMED_TEXT)
			strbuf_printf(&got, "'%s'", v->text);
		else if (v->kind == NAMED_INT)
			strbuf_printf(&got, "%lld", (long long)v->number);
		else
			strbuf_printf(&got, "%s%llu", v->kind == NAMED_BOOL ? "?" : "",
				      (unsigned long long)v->number);
	}
	assert_null(event_layout_names(l)[names]);
	assert_string_equal(strbuf_text(&got), want);
	named_values_clear(&values);
}

static void the_text_built_in(void **state)
{
	struct text *t = *state;
	static const struct event e = {.kind = 1, .pid = 2, .time = 3, .comm = "me", .key = {4, 5}};
	struct event got;
	struct event_layout *l;

	begin(t, 48);
	add_own(t);
	l = must_read(t);
	assert_true(event_layout_is_own(l));
	assert_int_equal(event_layout_size(l), 48);
	assert_int_equal(event_layout_own(l, &e, sizeof(e), &got), 0);
	assert_memory_equal(&got, &e, sizeof(e));
	assert_int_equal(event_layout_own(l, &e, sizeof(e) - 1, &got), -EBADMSG);
	check_values(l, &e, sizeof(e), "");
	event_layout_free(l);
}

/* A struct of the kernel's, as it is declared for a text: only what the text names, and filler. */
static void structs_of_the_kernel(void **state)
{
	struct text *t = *state;
	struct {
		struct event own;
		uint64_t next, prev;
	} record = {.next = 5};
	struct event_layout *l;
	int size = btf__add_array(t->btf, t->s32, t->character, 16), pad, list;

	pad = btf__add_array(t->btf, t->s32, t->character, 8);
	list = btf__add_union(t->btf, "list_head", 16);
	btf__add_field(t->btf, "next", t->u64, 0, 0);
	btf__add_field(t->btf, "__p1", pad, 0, 0);
	btf__add_field(t->btf, "__size", size, 0, 0);
	btf__add_field(t->btf, "__pin", t->u64, 0, 0);
	begin(t, sizeof(record));
	add_own(t);
	add(t, "list", list, 16);
	l = must_read(t);
	check_values(l, &record, sizeof(record), "list.next=5 list.__pin=5");
	event_layout_free(l);
}

/* Before, between and behind; within a struct, too; and the tool's own in another order. */
static void members_anywhere(void **state)
{
	struct text *t = *state;
	struct __attribute__((packed)) {
		int64_t first;
		uint64_t time;
		int32_t nice;
		uint32_t pid;
		char comm[16];
		uint64_t inode;
		uint32_t generation;
		uint16_t device, pad;
		uint32_t kind;
		uint32_t last;
	} record = {-1, 3, -5, 2, "me", 4, 77, 5, 0, 1, 9};
	struct event_layout *l;
	struct event got;
	int key = btf__add_struct(t->btf, "longer_key", 16);

	btf__add_field(t->btf, "inode", t->u64, 0, 0);
	btf__add_field(t->btf, "generation", t->u32, 64, 0);
	btf__add_field(t->btf, "device", t->u16, 96, 0);
	begin(t, sizeof(record));
	add(t, "first", t->s64, 8);
	add(t, "time", t->u64, 8);
	add(t, "nice", t->s32, 4);
	add(t, "pid", t->u32, 4);
	add(t, "comm", t->comm, 16);
	add(t, "key", key, 16);
	add(t, "kind", t->u32, 4);
	add(t, "last", t->u32, 4);
	l = must_read(t);
	assert_false(event_layout_is_own(l));
	assert_int_equal(event_layout_own(l, &record, sizeof(record), &got), 0);
	assert_int_equal(got.kind, 1);
	assert_int_equal(got.pid, 2);
	assert_int_equal(got.time, 3);
	assert_string_equal(got.comm, "me");
	assert_int_equal(got.key.inode, 4);
	assert_int_equal(got.key.device, 5);
	check_values(l, &record, sizeof(record), "first=-1 nice=-5 key.generation=77 last=9");
	event_layout_free(l);
}

static void all_kinds_of_values(void **state)
{
	struct text *t = *state;
	struct __attribute__((packed)) {
		struct event own;
		uint8_t flag;
		int32_t color, other, negative;
		uint64_t large;
		char text[4];
		uint8_t bytes[4];
		uint64_t pointer, bits; /* three:3 one:1 hue:2 rest:58 */
		int32_t deep;
		uint32_t choice;
		uint64_t numbers[2];
		int16_t small[3];
		int8_t bytes_of[4];
	} r = {.flag = 2,
	       .color = 1,
	       .other = 7,
	       .negative = -3,
	       .large = 1ull << 40,
	       .text = {'f', 'u', 'l', 'l'},
	       .bytes = {0, 1, 2, 0xff},
	       .pointer = 0xffff888012345678,
	       .bits = 0xd | (uint64_t)1 << 63 | 1 << 4,
	       .deep = -8,
	       .choice = 0x01020304,
	       .numbers = {1, UINT64_MAX},
	       .small = {-1, 2, INT16_MIN},
	       .bytes_of = {0, 1, 0, 2}};
	struct event_layout *l;
	int color, large, text, bytes, numbers, small, inner, outer, choice, pointer, flag;

	color = btf__add_enum(t->btf, "color", 4);
	btf__add_enum_value(t->btf, "RED", 1);
	btf__add_enum_value(t->btf, "BLACK", -3);
	large = btf__add_enum64(t->btf, "large", 8, false);
	btf__add_enum64_value(t->btf, "LARGE", 1ull << 40);
	text = btf__add_array(t->btf, t->s32, t->character, 4);
	bytes = btf__add_array(t->btf, t->s32, t->u8, 4);
	numbers = btf__add_array(t->btf, t->s32, t->u64, 2);
	small = btf__add_array(t->btf, t->s32, btf__add_int(t->btf, "short", 2, BTF_INT_SIGNED), 3);
	inner = btf__add_struct(t->btf, NULL, 4);
	btf__add_field(t->btf, "deep", t->s32, 0, 0);
	outer = btf__add_struct(t->btf, NULL, 4);
	btf__add_field(t->btf, NULL, inner, 0, 0);
	choice = btf__add_union(t->btf, "choice", 4);
	btf__add_field(t->btf, "whole", t->u32, 0, 0);
	btf__add_field(t->btf, "low", t->u16, 0, 0);
	pointer = btf__add_ptr(t->btf, choice);
	flag = btf__add_const(t->btf, btf__add_volatile(t->btf, t->boolean));
	begin(t, sizeof(r));
	add_own(t);
	add(t, "flag", flag, 1);
	add(t, "color", color, 4);
	add(t, "other", color, 4);
	add(t, "negative", color, 4);
	add(t, "large", large, 8);
	add(t, "text", text, 4);
	add(t, "bytes", bytes, 4);
	add(t, "pointer", pointer, 8);
	add_bits(t, "three", t->s32, 3);
	add_bits(t, "one", t->u32, 1);
	add_bits(t, "hue", color, 2);
	add_bits(t, "rest", t->u64, 58);
	add(t, NULL, outer, 4);
	add(t, "choice", choice, 4);
	add(t, "numbers", numbers, 16);
	add(t, "small", small, 6);
	add(t, "bytes_of", bytes, 4);
	l = must_read(t);
	check_values(l, &r, sizeof(r),
		     "flag=?1 color='RED' other='7' negative='BLACK' large='LARGE' text='full' "
		     "bytes='000102ff' pointer='0xffff888012345678' three=-3 one=1 hue='RED' "
		     "rest=144115188075855872 deep=-8 choice.whole=16909060 choice.low=772 "
		     "numbers='1 18446744073709551615' "
		     "small='-1 2 -32768' bytes_of='00010002'");
	event_layout_free(l);
}

static void what_the_tool_cannot_read(void **state)
{
	struct text *t = *state;

	refused(t, -ENOENT,
		"the text does not tell how struct event is laid out: it needs the line "
		"OOMTOOLS_EVENT(event);\n");
	begin(t, 52);
	add(t, "kind", t->u64, 8);
	add(t, "time", t->u64, 8);
	add(t, "comm", t->comm, 16);
	add(t, "key", t->key, 16);
	refused(t, -EINVAL,
		"struct event: kind has 8 bytes, but the tool reads 4 bytes: give it back its "
		"type, or add a member of your own\n"
		"struct event: pid is missing, which the tool reads: put it back (it may stay "
		"unfilled)\n");
}

static void a_bit_field_of_the_tools_own(void **state)
{
	struct text *t = *state;

	begin(t, 48);
	add_bits(t, "kind", t->u32, 4);
	t->bit = 32;
	add(t, "pid", t->u32, 4);
	add(t, "time", t->u64, 8);
	add(t, "comm", t->comm, 16);
	add(t, "key", t->key, 16);
	refused(t, -EINVAL,
		"struct event: kind has 4 bits, but the tool reads 4 bytes: give it back its "
		"type, or add a member of your own\n");
}

static void no_more_than_a_user_reads(void **state)
{
	struct text *t = *state;
	_cleanup_strbuf_ struct strbuf why = {0};
	struct event_layout *l = NULL;

	begin(t, 4);
	add(t, "mine", t->u32, 4);
	assert_int_equal(read_layout(t, &l, &why), -EINVAL);
	assert_non_null(strstr(why.data, "comm is missing"));
	assert_non_null(strstr(why.data, "and 1 more like that\n"));
}

/* Numbers of types that lead nowhere, in a circle, out of the struct. */
static void types_that_make_no_sense(void **state)
{
	static const char nonsense[] = "struct event: what the image tells of it makes no sense\n";
	struct text *t = *state;
	struct event_layout *l = NULL;
	_cleanup_strbuf_ struct strbuf why = {0};
	int ring;

	assert_int_equal(event_layout_read("nonsense", 8, &own, &l, &why), -EBADMSG);
	assert_string_equal(why.data, nonsense);
	ring = (int)btf__type_cnt(t->btf);
	assert_int_equal(btf__add_typedef(t->btf, "ring", ring + 1), ring);
	assert_int_equal(btf__add_typedef(t->btf, "ring", ring), ring + 1);
	begin(t, 64);
	add(t, "ring", ring, 8);
	refused(t, -EBADMSG, nonsense);
}

static void a_struct_that_holds_itself(void **state)
{
	struct text *t = *state;

	begin(t, 64);
	add(t, "me", (int)btf__type_cnt(t->btf) - 1, 64);
	refused(t, -EBADMSG, "struct event: what the image tells of it makes no sense\n");
}

static void a_member_beyond_the_end(void **state)
{
	struct text *t = *state;

	begin(t, 47);
	add_own(t);
	refused(t, -EBADMSG, "struct event: what the image tells of it makes no sense\n");
}

/* One layout with a member NAME of the given type behind the tool's own. */
static struct event_layout *with(const char *name, bool is_signed)
{
	struct event_layout *l;
	struct text *t;

	setup((void **)&t);
	begin(t, 56);
	add_own(t);
	if (*name)
		add(t, name, is_signed ? t->s64 : t->u64, 8);
	l = must_read(t);
	teardown((void **)&t);
	return l;
}

static void equal_layouts(void **state)
{
	struct event_layout *a = with("nice", true), *b = with("nice", true),
			    *c = with("mean", true), *d = with("nice", false), *e = with("", true);

	(void)state;
	assert_true(event_layout_equal(a, b));
	assert_false(event_layout_equal(a, c));
	assert_false(event_layout_equal(a, d));
	assert_false(event_layout_equal(a, e));
	event_layout_free(a);
	event_layout_free(b);
	event_layout_free(c);
	event_layout_free(d);
	event_layout_free(e);
	event_layout_free(NULL);
}

/* The tables that members.sh makes of the headers: of struct members, the parts. */
EVENT_STRUCT(oomprof_kill);
EVENT_STRUCT(oomkill_event);

static void tables_made_of_headers(void **state)
{
	bool found = false;

	(void)state;
	assert_int_equal(oomkill_event_struct.size, sizeof(struct oomkill_event));
	assert_string_equal(oomkill_event_struct.name, "oomkill_event");
	for (size_t i = 0; i < oomprof_kill_struct.n_members; i++) {
		const struct event_member *m = &oomprof_kill_struct.members[i];

		if (strcmp(m->name, "event.victim_comm"))
			continue;
		found = true;
		assert_int_equal(m->offset, offsetof(struct oomprof_kill, event.victim_comm));
		assert_int_equal(m->size, OOMKILL_COMM_SIZE);
	}
	assert_true(found);
}

/* So many as can be shown, and one more. */
static void as_many_as_are_shown(void **state)
{
	struct text *t = *state;
	struct event_layout *l;
	char name[16];

	begin(t, 48 + 8 * (EVENT_LAYOUT_FIELDS_MOST + 1));
	add_own(t);
	for (int i = 1; i <= EVENT_LAYOUT_FIELDS_MOST; i++) {
		snprintf(name, sizeof(name), "m%d", i);
		add(t, name, t->u64, 8);
	}
	l = must_read(t);
	assert_string_equal(event_layout_names(l)[EVENT_LAYOUT_FIELDS_MOST - 1], "m64");
	event_layout_free(l);
	add(t, "more", t->u8, 1);
	refused(t, -EINVAL,
		"struct event: 65 members of your own are more than the 64 that can be shown\n");
}

static void a_long_array(void **state)
{
	struct text *t = *state;
	struct {
		struct event own;
		uint32_t numbers[EVENT_FIELD_NUMBERS_MOST + 1];
	} record = {.numbers = {7}};
	int numbers = btf__add_array(t->btf, t->s32, t->u32, ARRAY_SIZE(record.numbers));
	_cleanup_strbuf_ struct strbuf want = {0};
	struct event_layout *l;

	begin(t, sizeof(record));
	add_own(t);
	add(t, "numbers", numbers, sizeof(record.numbers));
	l = must_read(t);
	strbuf_puts(&want, "numbers='7");
	for (int i = 1; i < EVENT_FIELD_NUMBERS_MOST; i++)
		strbuf_puts(&want, " 0");
	strbuf_puts(&want, " ...'");
	check_values(l, &record, sizeof(record), strbuf_text(&want));
	event_layout_free(l);
}

/* What may be added up as words of 64 bits, and the first that may not. */
static void counters(void **state)
{
	static const char *const wrong[] = {"no", "half", "flag", "text", "apart", "pointer"};

	(void)state;
	for (size_t i = 0; i <= ARRAY_SIZE(wrong); i++) {
		struct event_layout *l;
		struct text *t;
		int pointer;

		setup((void **)&t);
		pointer = btf__add_ptr(t->btf, t->u32);
		begin(t, 48 + 40);
		add_own(t);
		add(t, "up", t->u64, 8);
		add(t, "down", t->s64, 8);
		if (i == 1)
			add(t, wrong[i], t->u32, 4);
		else if (i == 2)
			add(t, wrong[i], t->boolean, 1);
		else if (i == 3)
			add(t, wrong[i], t->comm, 16);
		else if (i == 4)
			add_bits(t, wrong[i], t->u64, 63);
		else if (i == 5)
			add(t, wrong[i], pointer, 8);
		l = must_read(t);
		if (i == 0 || i == ARRAY_SIZE(wrong))
			assert_null(event_layout_no_counter(l));
		else
			assert_string_equal(event_layout_no_counter(l), wrong[i]);
		event_layout_free(l);
		teardown((void **)&t);
	}
}

/* What Linux 5.10 does not know is replaced; what it knows keeps its number, size and members. */
static void simpler_types(void **state)
{
	struct text *t = *state;
	int real = btf__add_float(t->btf, "float", 4), wide, tag, user, at, section, kind;
	__u32 size;
	const struct btf_type *is;
	struct btf *simple;
	void *bytes;

	wide = btf__add_enum64(t->btf, "wide", 8, false);
	btf__add_enum64_value(t->btf, "WIDE", 1ull << 40);
	kind = btf__add_enum(t->btf, "kind", 4);
	btf__add_enum_value(t->btf, "BELOW", -1);
	tag = btf__add_decl_tag(t->btf, "mark", t->key, -1);
	user = btf__add_type_tag(t->btf, "user", t->u32);
	at = btf__add_ptr(t->btf, user);
	begin(t, 72);
	add_own(t);
	add(t, "real", real, 4);
	add(t, "kind_of", kind, 4);
	add(t, "wide", wide, 8);
	add(t, "at", at, 8);
	section = btf__add_var(t->btf, "lost", BTF_VAR_GLOBAL_ALLOCATED, t->u64);
	section = btf__add_datasec(t->btf, "maps/x", 0);
	btf__add_datasec_var_info(t->btf, section - 1, 0, 8);
	is = btf__raw_data(t->btf, &size) ? btf__type_by_id(t->btf, (__u32)kind) : NULL;
	assert_true(btf_kflag(is));

	bytes = malloc(size);
	memcpy(bytes, btf__raw_data(t->btf, &size), size);
	assert_int_equal(image_btf_simplify(bytes, size), 0);
	simple = btf__new(bytes, size);
	assert_non_null(simple);
	for (__u32 id = 1; id < btf__type_cnt(simple); id++)
		assert_true(btf_kind(btf__type_by_id(simple, id)) <= BTF_KIND_VAR);
	assert_true(btf_is_struct(btf__type_by_id(simple, (__u32)real)));
	assert_int_equal(btf__type_by_id(simple, (__u32)real)->size, 4);
	assert_true(btf_is_union(btf__type_by_id(simple, (__u32)wide)));
	assert_int_equal(btf__type_by_id(simple, (__u32)wide)->size, 8);
	assert_false(btf_kflag(btf__type_by_id(simple, (__u32)kind)));
	assert_true(btf_is_int(btf__type_by_id(simple, (__u32)tag)));
	assert_true(btf_is_const(btf__type_by_id(simple, (__u32)user)));
	assert_true(btf_is_ptr(btf__type_by_id(simple, (__u32)section)));
	is = btf__type_by_id(simple,
			     (__u32)btf__find_by_name_kind(simple, "event", BTF_KIND_STRUCT));
	assert_int_equal(btf_vlen(is), 9);
	btf__free(simple);

	/* Damaged: nothing is changed. */
	for (__u32 cut = 1; cut < 12; cut++)
		assert_int_equal(image_btf_simplify(bytes, size - cut), -EBADMSG);
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_text_built_in, setup, teardown),
		cmocka_unit_test_setup_teardown(structs_of_the_kernel, setup, teardown),
		cmocka_unit_test_setup_teardown(members_anywhere, setup, teardown),
		cmocka_unit_test_setup_teardown(all_kinds_of_values, setup, teardown),
		cmocka_unit_test_setup_teardown(what_the_tool_cannot_read, setup, teardown),
		cmocka_unit_test_setup_teardown(a_bit_field_of_the_tools_own, setup, teardown),
		cmocka_unit_test_setup_teardown(no_more_than_a_user_reads, setup, teardown),
		cmocka_unit_test_setup_teardown(types_that_make_no_sense, setup, teardown),
		cmocka_unit_test_setup_teardown(a_struct_that_holds_itself, setup, teardown),
		cmocka_unit_test_setup_teardown(a_member_beyond_the_end, setup, teardown),
		cmocka_unit_test_setup_teardown(as_many_as_are_shown, setup, teardown),
		cmocka_unit_test_setup_teardown(simpler_types, setup, teardown),
		cmocka_unit_test_setup_teardown(a_long_array, setup, teardown),
		cmocka_unit_test(counters),
		cmocka_unit_test(equal_layouts),
		cmocka_unit_test(tables_made_of_headers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
