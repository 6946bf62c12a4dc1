# From the books of tests/workloads/ledger.go ($books now, $before when watching began, $lines the lines of its
# sites, $rate their sampling rate) and the rows that goalloctop -j has shown of it (the input, an array, in their order) to an array, one
# element for each site: what was true and what was shown.

# Of the estimated bytes of one object: it is sampled with a probability of p = 1 - exp(-size/rate), and counts
# size / p bytes then.
def variance: .size * .size / ((.size / $rate | exp) - 1);

# One site may have several entries in the books.
def true_of($books):
  $books | map(select(.site != "tiny") | . + {line: $lines[.site]})
  | group_by([.function, .line])
  | map({function: .[0].function, line: .[0].line,
         allocated: (map(.allocated) | add), kept: (map(.kept) | add),
         allocated_bytes: (map(.allocated * .size) | add), kept_bytes: (map(.kept * .size) | add),
         allocated_variance: (map(.allocated * variance) | add), kept_variance: (map(.kept * variance) | add)});

def total($key): map(.[$key] // 0) | add // 0;

. as $rows
| true_of($before) as $earlier
| true_of($books)
| map(. as $now
  | ($earlier | map(select(.function == $now.function and .line == $now.line)) | first) as $old
  | ($rows | map(select(.function == $now.function and (.line == $now.line or $now.line == null)))) as $shown
  | {site: ($now.function + ":" + ($now.line // 0 | tostring)),
     allocated_variance: ($now.allocated_variance - $old.allocated_variance), kept_variance: $now.kept_variance,
     allocated: ($now.allocated - $old.allocated), allocated_bytes: ($now.allocated_bytes - $old.allocated_bytes),
     all_allocated_bytes: $now.allocated_bytes, kept: $now.kept, kept_bytes: $now.kept_bytes, kept_before: $old.kept,
     kept_bytes_before: $old.kept_bytes,
     shown: {
       alloc: ($shown | total("alloc_objects")), alloc_bytes: ($shown | total("alloc_bytes")),
       freed: ($shown | total("freed_objects")), freed_bytes: ($shown | total("freed_bytes")),
       growth: ($shown | total("growth_objects")), growth_bytes: ($shown | total("growth_bytes")),
       inuse: ($shown | last | .inuse_objects // 0), inuse_bytes: ($shown | last | .inuse_bytes // 0),
       since_gc: ($shown | last | .since_gc_objects // 0),
       since_gc_bytes: ($shown | last | .since_gc_bytes // 0),
       survival: ($shown | last | .survival_percent)}})
