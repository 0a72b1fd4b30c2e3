emul_core = $(addprefix $(top)/personalities/unix/emul/,$(1))
unit_emul_paths_srcs := paths.c $(call emul_core,mount_path.c)
unit_emul_entries_srcs := entries.c $(call emul_core,dirent.c)
unit_emul_attributes_srcs := attributes.c $(call emul_core,stat_convert.c)
unit_emul_descriptors_srcs := descriptors.c $(call emul_core,fd_table.c)
$(foreach t,paths entries attributes descriptors,\
	$(eval unit_emul_$t_cflags := -Ipersonalities/unix/emul)$(eval $(call unit_test,unit_emul_$t)))
