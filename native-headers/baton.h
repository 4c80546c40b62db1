/* What jextract reads for dev.baton.bindings.flow: the header that eBPF and Java share. */
#include "../bpf/include/baton.h"
