#include "bpf/image_supply.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <bpf/libbpf.h>

#include "base/file.h"
#include "base/macro.h"
#include "bpf/image_cache.h"
#include "bpf/kernel_identity.h"

static void say(const struct image_supply *s, const char *message)
{
	if (s->log && *message)
		s->log(message, s->data);
}

/* All that the image depends on. */
static int make_key(const struct image_supply *s, struct strbuf *ret)
{
	_cleanup_strbuf_ struct strbuf kernel = {0}, compiler = {0};
	char format[16], cpus[16];
	const char *parts[] = {
		format,
		s->version ? s->version : "",
		NULL,
		cpus,
		NULL,
		s->compile.flags,
		s->compile.kernel_headers ? "headers" : "btf",
		s->compile.tool,
		s->compile.source.text,
	};
	int r;

	snprintf(format, sizeof(format), "%d", IMAGE_FORMAT);
	snprintf(cpus, sizeof(cpus), "%d", libbpf_num_possible_cpus());
	r = kernel_identity(&kernel);
	/* Without a compiler there may still be what it once made; then the name is enough. */
	if (r == 0)
		r = compile_identity(&compiler);
	if (r < 0)
		return r;
	parts[2] = strbuf_text(&kernel);
	parts[4] = strbuf_text(&compiler);
	return image_cache_key(parts, ARRAY_SIZE(parts), ret);
}

static int compile(const struct image_supply *s, struct supplied_image *out, struct strbuf *reason)
{
	_cleanup_strbuf_ struct strbuf others = {0};
	const char *why = NULL;
	int r = compile_run(&s->compile, &out->bytes, reason, &others);

	say(s, strbuf_text(&others));
	if (r < 0) {
		if (!reason->length)
			strbuf_printf(reason, "compiling: %s\n", strerror(-r));
		return r;
	}
	r = image_parse(strbuf_text(&out->bytes), out->bytes.length, &out->image, &why);
	if (r < 0)
		strbuf_printf(reason, "what the compiler made is no image: %s\n",
			      why ? why : strerror(-r));
	return r;
}

/* Is a foreign image for this very kernel? */
static bool fits(const struct image *image)
{
	_cleanup_strbuf_ struct strbuf kernel = {0}, btf = {0};

	if (*image->kernel && kernel_identity(&kernel) == 0 &&
	    !strcmp(image->kernel, strbuf_text(&kernel)))
		return true;
	return *image->btf_hash && kernel_btf_hash(NULL, &btf) == 0 &&
	       !strcmp(image->btf_hash, strbuf_text(&btf));
}

static void explain_misfit(const char *path, const struct image *image, struct strbuf *reason)
{
	_cleanup_strbuf_ struct strbuf btf = {0};
	struct utsname u;

	if (uname(&u) < 0)
		return;
	kernel_btf_hash(NULL, &btf);
	strbuf_printf(reason,
		      "%s: made for another kernel\n"
		      "  made for: %s %s, BTF %.16s\n"
		      "  this one: %s %s, BTF %.16s\n"
		      "Compile it for this one: oomtools-compile --btf FILE, with a copy of "
		      "this box's " KERNEL_BTF "\n",
		      path, *image->release ? image->release : "a kernel given as a BTF file,",
		      image->machine, *image->btf_hash ? image->btf_hash : "none", u.release,
		      u.machine, btf.length ? btf.data : "none");
}

static int from_file(const struct image_supply *s, struct image **ret, struct strbuf *reason)
{
	_cleanup_strbuf_ struct strbuf bytes = {0};
	_cleanup_image_ struct image *image = NULL;
	const char *why = NULL;
	int r = file_read(s->path, IMAGE_SIZE_MOST + 4096, &bytes);

	if (r == 0)
		r = image_parse(strbuf_text(&bytes), bytes.length, &image, &why);
	if (r < 0) {
		strbuf_printf(reason, "%s: %s%s\n", s->path, why ? "not usable: " : "",
			      why ? why : strerror(-r));
		return r;
	}
	if (*image->tool && strcmp(image->tool, s->compile.tool)) {
		strbuf_printf(reason, "%s: made for the tool %s\n", s->path, image->tool);
		return -EINVAL;
	}
	if (!fits(image)) {
		explain_misfit(s->path, image, reason);
		return -EINVAL;
	}
	*ret = STEAL(image);
	return 0;
}

int image_obtain(const struct image_supply *s, struct supplied_image *ret, struct strbuf *reason)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	int r;

	*ret = (struct supplied_image){0};
	if (s->path)
		return from_file(s, &ret->image, reason);
	r = make_key(s, &ret->key);
	if (r == 0) {
		r = image_cache_read(strbuf_text(&ret->key), &ret->image, &why);
		say(s, strbuf_text(&why));
	}
	if (r == 0)
		say(s, "image from the cache");
	else
		r = compile(s, ret, reason);
	return r;
}

bool image_is_cached(const struct image_supply *s)
{
	_cleanup_strbuf_ struct strbuf key = {0}, why = {0};
	_cleanup_image_ struct image *image = NULL;

	return make_key(s, &key) == 0 && image_cache_read(strbuf_text(&key), &image, &why) == 0;
}

void image_keep(const struct image_supply *s, const struct supplied_image *supplied)
{
	_cleanup_strbuf_ struct strbuf why = {0};

	if (!supplied->key.length || !supplied->bytes.length)
		return;
	image_cache_write(supplied->key.data, supplied->bytes.data, supplied->bytes.length, &why);
	say(s, strbuf_text(&why));
}

void supplied_image_free(struct supplied_image *supplied)
{
	image_free(supplied->image);
	strbuf_free(&supplied->key);
	strbuf_free(&supplied->bytes);
	*supplied = (struct supplied_image){0};
}
