#include "app/guard.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/common_interface_defs.h>
#endif

#include "base/file.h"

static const int deadly[] = {SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS,	 SIGFPE,
			     SIGSEGV, SIGSYS, SIGALRM, SIGUSR1, SIGUSR2, SIGXCPU};

static struct {
	volatile sig_atomic_t on;
	int fd;
	struct termios modes;
	char reset[GUARD_MOST];
	size_t length;
	void (*then)(void *user);
	void *user;
	struct sigaction before[ARRAY_SIZE(deadly)];
} guard;

/* Only what is safe in a signal handler. */
static void restore(void)
{
	if (!guard.on)
		return;
	guard.on = 0;
	(void)file_write_fd(guard.fd, guard.reset, guard.length);
	(void)tcsetattr(guard.fd, TCSANOW, &guard.modes);
	if (guard.then)
		guard.then(guard.user);
}

static void restore_signals(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(deadly); i++)
		(void)sigaction(deadly[i], &guard.before[i], NULL);
}

/* What the signal did before, it does now: a fault comes again, others are sent again. */
static void on_deadly(int number, siginfo_t *info, void *context)
{
	(void)context;
	restore();
	restore_signals();
	if (info->si_code <= 0 || number == SIGABRT || number == SIGQUIT || number == SIGALRM)
		(void)raise(number);
}

static void install(void)
{
	static char stack[32 << 10]; /* a stack that ran over is one reason for a fault */
	stack_t alternate = {.ss_sp = stack, .ss_size = sizeof(stack)}, old;
	struct sigaction action = {.sa_sigaction = on_deadly, .sa_flags = SA_SIGINFO | SA_ONSTACK};

	if (sigaltstack(NULL, &old) == 0 && (old.ss_flags & SS_DISABLE))
		(void)sigaltstack(&alternate, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(deadly); i++)
		(void)sigaction(deadly[i], &action, &guard.before[i]);
}

void guard_begin(int fd, const struct termios *modes, const char *reset, size_t n,
		 void (*then)(void *user), void *user)
{
	static bool registered;

	if (n > GUARD_MOST)
		return;
	guard.modes = *modes;
	memcpy(guard.reset, reset, n);
	guard.length = n;
	guard.fd = fd;
	guard.then = then;
	guard.user = user;
	if (!registered) {
		registered = true;
		(void)atexit(restore);
#ifdef __SANITIZE_ADDRESS__
		__sanitizer_set_death_callback(restore);
#endif
	}
	install();
	guard.on = 1;
}

void guard_end(void)
{
	if (!guard.on)
		return;
	guard.on = 0;
	restore_signals();
}
