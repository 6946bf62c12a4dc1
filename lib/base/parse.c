#include "base/parse.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/macro.h"

int parse_number(const char *s, uint64_t least, uint64_t most, uint64_t *ret)
{
	unsigned long long value;
	char *end;

	if (!isdigit((unsigned char)s[0]))
		return -EINVAL;
	errno = 0;
	value = strtoull(s, &end, 10);
	if (*end)
		return -EINVAL;
	if (errno == ERANGE || value < least || value > most)
		return -ERANGE;
	*ret = value;
	return 0;
}

int parse_size(const char *s, uint64_t *ret)
{
	static const char units[] = "KMGT";
	unsigned long long value;
	unsigned int shift = 0;
	const char *unit;
	char *end;

	if (!isdigit((unsigned char)s[0]))
		return -EINVAL;
	errno = 0;
	value = strtoull(s, &end, 10);
	if (errno == ERANGE)
		return -ERANGE;
	unit = *end ? strchr(units, toupper((unsigned char)*end)) : NULL;
	if (unit) {
		shift = 10 * (unsigned int)(unit - units + 1);
		end++;
		if (strcasecmp(end, "i") == 0)
			end++;
		else if (strcasecmp(end, "iB") == 0)
			end += 2;
		else if (strcasecmp(end, "B") == 0)
			end++;
	}
	if (*end)
		return -EINVAL;
	if (value > UINT64_MAX >> shift)
		return -ERANGE;
	*ret = value << shift;
	return 0;
}

/* The nanoseconds of a unit that is smaller than the one before: from *NEXT on. 0: there is none.
 */
static double unit_ns(const char *unit, size_t n, size_t *next)
{
	static const struct {
		const char *name;
		double ns;
	} units[] = {{"d", 86400e9}, {"h", 3600e9}, {"m", 60e9},
		     {"s", 1e9},     {"ms", 1e6},   {"us", 1e3}};

	while (*next < ARRAY_SIZE(units)) {
		size_t i = (*next)++;

		if (strlen(units[i].name) == n && !strncmp(units[i].name, unit, n))
			return units[i].ns;
	}
	return 0;
}

int parse_duration(const char *s, uint64_t *ret_ns)
{
	double sum = 0, value, unit;
	size_t n, next = 0;
	char *end;

	/* strtod() knows more kinds of numbers than people here mean. */
	if (strpbrk(s, "xXeEpP"))
		return -EINVAL;
	do {
		if (!isdigit((unsigned char)s[strspn(s, ".")]))
			return -EINVAL;
		value = strtod(s, &end);
		n = strcspn(end, "0123456789.");
		/* Seconds need no unit, where there is nothing else. */
		unit = *end || next ? unit_ns(end, n, &next) : 1e9;
		if (end == s || unit == 0)
			return -EINVAL;
		sum += value * unit;
		s = end + n;
	} while (*s);
	if (!isfinite(sum) || sum < 1 || sum > 9e18)
		return -ERANGE;
	*ret_ns = (uint64_t)sum;
	return 0;
}
