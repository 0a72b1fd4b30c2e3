"""Files that some processes cut and others read at the same time, by mappings: the kernel panics when a page is to be locked
of which it has just been told that there is none."""
from harness import case, check


@case(seconds=90)
def files_may_be_cut_while_they_are_read(guest):
    for folder in ("/tmp", "/root"):
        check(guest.sh(f"""cd {folder}; head -c 100000 /dev/zero >cut
            for i in 1 2; do perl -e 'open F, "+<cut"; for (1..6000) {{ truncate F, 0; truncate F, 100000 }}' & done
            for i in 1 2 3; do perl -e 'open F, "<cut"; for (1..6000) {{ sysseek F, 0, 0; sysread F, my $x, 80000 }}' & done
            wait; rm cut; echo done"""), stdout="done\n")
