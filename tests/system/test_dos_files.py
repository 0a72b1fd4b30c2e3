"""DOS programs read files through mappings: what others do to them is seen, and ends nobody."""
from harness import case, check

PROGRAM = "/usr/lib/masix/dos/window.com"


@case(seconds=60)
def what_others_write_and_cut_is_read(guest):
    steps = (
        ("true", "100000 aa"), ("true", "100000 aa"), ("true", "100000 aa"),
        ("printf b >>data", "100001 ab"),
        ("printf c | dd of=data conv=notrunc status=none", "100001 cb"),
        ("truncate -s 4096 data", "4096 ca"),
        ("truncate -s 0 data", "0 --"),
        ("head -c 6000000 /dev/zero | tr '\\0' d >data", "6000000 dd"),
        ("mv data other; printf e >data", "6000000 dd"),
        ("rm other", "6000000 dd"),
    )
    script = "".join(f"{change}; printf x >&3; read -r line <&4; echo \"$line\"\n" for change, _ in steps)
    check(guest.sh(f"""mkdir -p /tmp/w; cd /tmp/w; rm -f *; mkfifo in out; head -c 100000 /dev/zero | tr '\\0' a >data
        dos {PROGRAM} <in >out & exec 3>in 4<out
        {script}
        printf q >&3; wait $!; echo $?"""), stdout="".join(f"{line}\r\n" for _, line in steps) + "0\n")


@case(seconds=90)
def a_file_that_is_cut_while_it_is_read_ends_nobody(guest):
    check(guest.sh(f"""mkdir -p /tmp/w; cd /tmp/w; rm -f *; head -c 100000 /dev/zero >data
        perl -e 'open F, "+<data"; for (;;) {{ truncate F, 0; truncate F, 100000 }}' & other=$!
        printf sq | dos {PROGRAM}; echo $?
        kill $other"""), stdout="0\n")
