#include "bpf/uapi_names.h"

#include <stdlib.h>
#include <string.h>

#include "base/macro.h"

static const char *const tags[] = {
	/* sorted */
	"__sk_buff",
	"bpf_adj_room_mode",
	"bpf_attach_type",
	"bpf_attr",
	"bpf_btf_info",
	"bpf_cgroup_dev_ctx",
	"bpf_cgroup_iter_order",
	"bpf_cgroup_storage_key",
	"bpf_check_mtu_flags",
	"bpf_check_mtu_ret",
	"bpf_cmd",
	"bpf_core_relo",
	"bpf_core_relo_kind",
	"bpf_cpumap_val",
	"bpf_devmap_val",
	"bpf_dynptr",
	"bpf_fib_lookup",
	"bpf_flow_keys",
	"bpf_func_id",
	"bpf_func_info",
	"bpf_hdr_start_off",
	"bpf_insn",
	"bpf_iter_link_info",
	"bpf_iter_num",
	"bpf_kfunc_flags",
	"bpf_line_info",
	"bpf_link_info",
	"bpf_link_type",
	"bpf_list_head",
	"bpf_list_node",
	"bpf_lpm_trie_key",
	"bpf_lpm_trie_key_hdr",
	"bpf_lpm_trie_key_u8",
	"bpf_lwt_encap_mode",
	"bpf_map_info",
	"bpf_map_type",
	"bpf_perf_event_type",
	"bpf_perf_event_value",
	"bpf_pidns_info",
	"bpf_prog_info",
	"bpf_prog_type",
	"bpf_raw_tracepoint_args",
	"bpf_rb_node",
	"bpf_rb_root",
	"bpf_redir_neigh",
	"bpf_refcount",
	"bpf_ret_code",
	"bpf_sk_lookup",
	"bpf_sock",
	"bpf_sock_addr",
	"bpf_sock_ops",
	"bpf_sock_tuple",
	"bpf_sockopt",
	"bpf_spin_lock",
	"bpf_stack_build_id",
	"bpf_stack_build_id_status",
	"bpf_stats_type",
	"bpf_sysctl",
	"bpf_task_fd_type",
	"bpf_task_work",
	"bpf_tcp_sock",
	"bpf_timer",
	"bpf_token_info",
	"bpf_tunnel_key",
	"bpf_wq",
	"bpf_xdp_sock",
	"bpf_xfrm_state",
	"btf_ptr",
	"sk_action",
	"sk_msg_md",
	"sk_reuseport_md",
	"tcx_action_base",
	"xdp_action",
	"xdp_md",
};

static int compare(const void *key, const void *element)
{
	return strcmp(key, *(const char *const *)element);
}

bool uapi_names_tag(const char *tag)
{
	return bsearch(tag, tags, ARRAY_SIZE(tags), sizeof(tags[0]), compare);
}

bool uapi_names_enumerator(const char *name)
{
	static const char *const prefixes[] = {"BPF_",	  "BTF_F_",    "MAX_BPF_", "SK_DROP",
					       "SK_PASS", "TCP_BPF_",  "TCX_",	   "XDP_",
					       "__BPF_",  "__MAX_BPF_"};

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	return false;
}
