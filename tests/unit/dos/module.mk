# The core of the DOS machine on the host: nothing of it knows Mach.
dos_core := $(patsubst %,$(top)/%,$(wildcard personalities/dos/core/*.c))
unit_dos_memory_srcs := memory.c $(filter %/arena.c %/names.c,$(dos_core))
unit_dos_services_srcs := services.c host_world.c $(dos_core)
unit_dos_faults_srcs := faults.c host_world.c $(dos_core)
unit_dos_shares_srcs := shares.c $(top)/personalities/dos/server/shares.c
$(foreach t,memory services faults shares,\
	$(eval unit_dos_$t_cflags := -Ipersonalities/dos/core -Ipersonalities/dos)$(eval $(call unit_test,unit_dos_$t)))
