# The machines of two tests: each has ACS, the network, the network server for messages and the test server. Their files are
# made in $dir.
kernel=$(sed -n 's/^KERNEL := //p' build/config.mk)
sign=build/host/masix-sign

rm -rf "$dir" && mkdir -p "$dir" || exit 1
"$sign" server tests/boot/gns_far/acs.text build/servers/acs "$dir/acs" "$dir/acs.manifest" &&
	"$sign" bundle "$dir/manifests" "$dir/acs.manifest" build/signed/{net,gns,gns_far}.manifest &&
	cp build/signed/{net,gns_far} "$dir" && head -c 32 /dev/urandom >"$dir/secret" &&
	"$sign" node a "$dir/secret" build/signed/gns "$dir/gns-a" &&
	"$sign" node b "$dir/secret" build/signed/gns "$dir/gns-b" || exit 1

# machine NAME NUMBER WIRE SEED ROLE LOG: the log goes to $dir/LOG, the process id of QEMU to $dir/NAME.pid.
machine() {
	timeout 150 qemu-system-i386 -accel tcg -cpu qemu32,+rdrand -m 192 -nodefaults -display none -no-reboot \
		-pidfile "$dir/$1.pid" -serial stdio -monitor none -netdev "socket,id=net,$3" \
		-device "virtio-net-pci,netdev=net,disable-modern=on,romfile=,addr=5,mac=52:54:00:12:34:0$2" \
		-kernel "$kernel" -append console=com0 -initrd "$dir/acs \
--host-port=\${host-port} --device-port=\${device-port} --manifests=\${manifests-task} net=\${net-task} gns=\${gns-task} \
gns_far=\${gns_far-task} \$(acs-task=task-create) \$(task-resume),$dir/manifests \$(manifests-task=task-create),\
$dir/net address=10.9.0.$2/24 \$(net-task=task-create),$dir/gns-$1 at=10.9.0.$2 seed=$4 \$(gns-task=task-create),\
$dir/gns_far $5 \$(gns_far-task=task-create)" </dev/null 2>&1 | sed -u 's/\r//g' >"$dir/$6"
	return "${PIPESTATUS[0]}"
}
