// Only libndctl.h: ndctl/ndctl.h includes headers that no package installs.
#include <ndctl/libndctl.h>
