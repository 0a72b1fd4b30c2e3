# The file server.
fs_srcs := access.c arena.c attributes.c block_cache.c data.c dentry.c disk_mach.c done.c ext2.c ext2_data.c ext2_directory.c \
	ext2_flush.c ext2_inode.c ext2_io.c ext2_map.c ext2_recover.c ext2_transfer.c far.c flock.c handle.c incoming.c kept.c main.c memory.c \
	memory_data.c memory_pages.c mount.c names.c names_move.c pager.c pager_again.c path.c ranges.c reuse.c revive.c scarcity.c serve_control.c \
	serve_dir.c serve_io.c serve_pager.c undo.c volume.c walk.c window.c wire.c
fs_libs := -lext2fs -lcom_err -lsodium
$(eval $(call masix_server,fs))
