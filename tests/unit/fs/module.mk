# The file server's cores on the host: ext2 on image files, with a stand-in for the kernel's page cache.
fs_cores := access arena attributes block_cache dentry done flock names names_move path ranges undo volume walk memory memory_data memory_pages
fs_ext2 := $(patsubst %,$(top)/fs/%.c,$(fs_cores) ext2 ext2_data ext2_directory ext2_flush ext2_inode ext2_io ext2_map ext2_recover ext2_transfer data far)
unit_fs_cores_srcs := test_cores.c store.c $(patsubst %,$(top)/fs/%.c,access arena block_cache dentry flock path ranges undo)
unit_fs_cores_cflags := -Ifs
unit_fs_cores_libs := -Wl,--wrap=mmap,--wrap=munmap
$(eval $(call unit_test,unit_fs_cores))
unit_fs_tree_srcs := test_tree.c image.c fake_pager.c store.c $(fs_ext2)
unit_fs_tree_cflags := -Ifs -Itests/unit/fs/shim
unit_fs_tree_libs := -lext2fs -lcom_err $(unit_fs_cores_libs)
$(eval $(call unit_test,unit_fs_tree))
unit_fs_pages_srcs := test_pages.c image.c fake_pager.c store.c $(fs_ext2)
unit_fs_pages_cflags := $(unit_fs_tree_cflags)
unit_fs_pages_libs := $(unit_fs_tree_libs)
$(eval $(call unit_test,unit_fs_pages))
unit_fs_crash_srcs := test_crash.c image.c fake_pager.c store.c $(fs_ext2)
unit_fs_crash_cflags := $(unit_fs_tree_cflags)
unit_fs_crash_libs := $(unit_fs_tree_libs)
$(eval $(call unit_test,unit_fs_crash))
unit_fs_survive_srcs := test_survive.c image.c kernel_cache.c store.c $(fs_ext2)
unit_fs_survive_cflags := $(unit_fs_tree_cflags) -DLIVES=250u
unit_fs_survive_libs := $(unit_fs_tree_libs)
$(eval $(call unit_test,unit_fs_survive))
