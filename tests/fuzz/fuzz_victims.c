/*
 * Records of both rings, of any bytes: each is one byte (odd: the bucket ring), a 16-bit length,
 * and so many bytes. Without bit 1 a short one is filled up with zeroes, so that the seeds stay of
 * use when a record gets another member at its end. A Go program is known under a key of zeroes but
 * for what its file says.
 */
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include "base/macro.h"
#include "tiny_go.h"
#include "victim/victims.h"

#define WHOLE ((size_t)1024) /* more than any record of the control ring */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct known_binaries *known_once(struct oomprof_key *key)
{
	static struct known_binaries *known;
	static struct oomprof_key its;
	_cleanup_strbuf_ struct strbuf bytes = {0};
	const struct known_binary *b;
	struct stat st;

	if (!known && known_binaries_new(1, &known) == 0) {
		_cleanup_close_ int fd = -1;

		tiny_go_build(&(struct tiny_go){.minor = 22}, &bytes);
		fd = tiny_file(bytes.data, bytes.length);
		if (fstat(fd, &st) == 0)
			its = (struct oomprof_key){.size = (uint64_t)st.st_size,
						   .mtime_s = (uint64_t)st.st_mtim.tv_sec,
						   .mtime_ns = (uint32_t)st.st_mtim.tv_nsec};
		(void)known_binaries_learn_fd(known, fd, "/tiny", &its, &b);
	}
	*key = its;
	return known;
}

/* Give a beginning the key of the program that is known, or nothing would ever be collected. */
static void set_key(uint64_t *record, size_t n, const struct oomprof_key *key)
{
	struct oomprof_begin *begin = (struct oomprof_begin *)record;

	if (n >= sizeof(*begin) && begin->kind == OOMPROF_BEGIN)
		begin->key = *key;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint64_t record[65536 / 8 + 1]; /* aligned, as on a ring */
	static const struct loadavg load = {.text = "0 0 0 1/1 1"};
	struct oomprof_key key;
	struct known_binaries *known = known_once(&key);
	struct victims *victims;
	struct victim *v;

	if (!known || victims_new(known, &victims) < 0)
		return 0;
	while (size >= 3) {
		size_t length = MIN((size_t)(data[1] | data[2] << 8), size - 3), n = length;

		memcpy(record, data + 3, n);
		if (!(data[0] & 2) && n < WHOLE) {
			memset((uint8_t *)record + n, 0, WHOLE - n);
			n = WHOLE;
		}
		if (data[0] & 1) {
			(void)victims_expects(victims, record, n);
			(void)victims_bucket(victims, record, n);
		} else {
			set_key(record, n, &key);
			(void)victims_event(victims, record, n, &load, NULL);
		}
		data += length + 3;
		size -= length + 3;
	}
	victims_settle(victims);
	while ((v = victims_take(victims, true)))
		victim_free(v);
	victims_free(victims);
	return 0;
}
