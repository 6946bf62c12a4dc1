#include "rate/alert_state.h"

#include "base/macro.h"

#define OVER 1.5	 /* times the bound: then it is over, */
#define OVER_LEAST_S 3.0 /* if it stays so for half the bound, but at least and */
#define OVER_MOST_S 60.0 /* at most so long */
#define HALVED_LEAST 1.0 /* seconds: below that there is nothing more to tell */
#define HASTE 0.25	 /* of the bound: no time to look twice */

/* Is it over since long enough? */
static bool is_over(struct alert_state *s, double within, double seconds, uint64_t now_ns)
{
	double quiet = MIN(MAX(within / 2, OVER_LEAST_S), OVER_MOST_S);

	if (seconds <= within * OVER) {
		s->over_since_ns = 0;
		return false;
	}
	if (!s->over_since_ns)
		s->over_since_ns = MAX(now_ns, UINT64_C(1));
	return (double)(now_ns - MIN(now_ns, s->over_since_ns)) / 1e9 >= quiet;
}

bool alert_due(struct alert_state *s, double within, double seconds, enum trend_confidence sure,
	       uint64_t now_ns)
{
	if (s->raised && is_over(s, within, seconds, now_ns))
		*s = (struct alert_state){0};
	s->below = seconds <= within ? s->below + 1 : 0;
	if (!s->below || (sure < TREND_MEDIUM && s->below < 2 && seconds > HASTE * within))
		return false;
	if (s->raised && (s->told_seconds < 2 * HALVED_LEAST || seconds > s->told_seconds / 2))
		return false;
	s->raised = true;
	s->count++;
	s->told_seconds = seconds;
	s->over_since_ns = 0;
	return true;
}
