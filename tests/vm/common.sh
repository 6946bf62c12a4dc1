# Sourced by the scripts of this folder: where kernels are kept, and which ones the tests run on.

# The newest kernel of each of these series of Debian's; KERNEL="6.12" for only that one.
vm_kernels=${KERNEL:-5.10 6.1 6.12 7.2}
# Those whose headers are fetched too: what Debian 12's compiler library knows.
vm_headers="6.1"
vm_cache=${OOMTOOLS_VM_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/oomtools/vm}

# guest_kernels TEST: on which of them a NAME.guest runs. Its line "# vm-kernels: SERIES..." restricts it to
# some. Guests are slow: where time is short, OOMTOOLS_GUEST_KERNELS names the kernels for all tests and
# OOMTOOLS_SHORT_KERNELS those for tests with the line "# vm-short" only.
guest_kernels() {
	local kernel only full=${OOMTOOLS_GUEST_KERNELS:-$vm_kernels}
	only=$(sed -n 's/^# vm-kernels: //p' "$1")
	! grep -qx '# vm-short' "$1" || full+=" ${OOMTOOLS_SHORT_KERNELS-}"
	for kernel in $vm_kernels; do
		case " ${only:-$kernel} " in *" $kernel "*) ;; *) continue ;; esac
		case " $full " in *" $kernel "*) echo "$kernel" ;; esac
	done
}

vm_obstacle() { # why guests cannot run here; nothing if they can
	local name
	[ "$(uname -m)" = x86_64 ] || { echo "guests are x86-64 only" && return; }
	[ "$(id -u)" = 0 ] || { echo "needs root" && return; }
	for name in qemu-system-x86_64:qemu-system-x86 cpio:cpio depmod:kmod xz:xz-utils; do
		command -v "${name%:*}" >/dev/null || { echo "no ${name%:*} (apt install ${name#*:})" && return; }
	done
	[ -n "$(vm_virtiofsd)" ] || { echo "no virtiofsd (apt install virtiofsd, or qemu-system-common on Debian 12)" && return; }
	[ -x /bin/busybox ] && ! ldd /bin/busybox >/dev/null 2>&1 || echo "no static busybox (apt install busybox-static)"
}

vm_virtiofsd() { # the path of the file server: QEMU's own (Debian 12) or the one in Rust
	local path
	for path in /usr/lib/qemu/virtiofsd /usr/libexec/virtiofsd; do
		[ -x "$path" ] && readlink -f "$path" && return
	done
}
