"""Programs that run with the ids of their file, and what hostile callers get from them."""
from harness import case, check, require

THIEF = "/usr/lib/masix/trials/thief"


def user(guest, script, **options):
    return check(guest.run("perl", "-e", '$( = 1000; $) = "1000 1000"; $< = $> = 1000; exec @ARGV or die', "--",
                           "bash", "-c", script), **options)


def prepare(guest):
    """A set-user-ID program of root's where everybody finds it; again does no harm."""
    check(guest.sh(f"mkdir -p /srv && cp /usr/bin/id {THIEF} /srv && chmod 4755 /srv/id /srv/thief"))


@case
def the_program_runs_as_the_owner_of_its_file(guest):
    prepare(guest)
    user(guest, "/srv/id -u; /srv/id -ru; id -u", stdout="0\n1000\n1000\n")
    user(guest, "exec /srv/id -u", stdout="0\n")


@case
def descriptors_directory_and_process_stay_the_same(guest):
    prepare(guest)
    check(guest.sh("cp /bin/bash /srv/rootbash; chmod 4755 /srv/rootbash"))
    script = """
        cd /tmp; exec 5>/tmp/five$$; echo before >&5; echo $$
        (exec /srv/rootbash -p -c 'pwd; umask; id -u; echo during >&5; exec 5>&-; kill -0 $PPID && echo there')
        echo after >&5; cat /tmp/five$$"""
    result = user(guest, f"umask 27; {script}")
    lines = result.stdout.decode().split("\n")
    require(lines[1:] == ["/tmp", "0027", "0", "there", "before", "during", "after", ""], f"it printed {lines}")
    result = user(guest, "echo $$; exec /srv/rootbash -p -c 'echo $$'").stdout.split()
    require(result[0] == result[1], f"process {result[0]} became {result[1]}")
    user(guest, "echo text | /srv/rootbash -p -c 'read line; echo got $line'", stdout="got text\n")
    user(guest, "trap '' TERM; /srv/rootbash -p -c 'kill $$; echo lives'", stdout="lives\n")


@case
def the_loader_knows_that_it_is_privileged(guest):
    prepare(guest)
    result = user(guest, "export LD_PRELOAD=/no/such.so; id -u; /srv/id -u", stdout="1000\n0\n")
    require(result.stderr.count(b"/no/such.so") == 1, f"the loaders said {result.stderr!r}")


@case
def only_the_root_file_system_gives_ids(guest):
    check(guest.sh("cp /usr/bin/id /tmp/id && chmod 4755 /tmp/id"))
    user(guest, "/tmp/id -u", stdout="1000\n")


@case
def nobody_keeps_a_hold_on_the_task(guest):
    prepare(guest)
    user(guest, f"{THIEF} keep-task /srv/thief",
         stdout="euid 0, bootstrap none\ndied of 11\nits task is gone\nnothing more was heard\n")


@case
def a_file_that_fs_does_not_know_gives_nothing(guest):
    user(guest, f"{THIEF} forged-file", stdout="own port: no ids\nno port: invalid\ntask port: no ids\n"
                                               "process port: no ids\nroot directory: no access\n")
    check(guest.sh("cp /usr/bin/id /srv/closed && chmod 4744 /srv/closed"))
    user(guest, f"{THIEF} unexecutable /srv/closed", stdout="unexecutable: no access\n")


@case
def what_the_caller_writes_reaches_nothing_of_the_new_library(guest):
    prepare(guest)
    user(guest, f"{THIEF} odd-positions /srv/thief; echo $?", stdout="40\n")


@case
def who_renounced_gains_nothing(guest):
    prepare(guest)
    renounce = "perl -e 'syscall(172, 38, 1, 0, 0, 0) == 0 or die; exec @ARGV' --"
    user(guest, f"{renounce} /srv/id -u; {renounce} bash -c '/srv/id -u'", stdout="1000\n1000\n")


@case(seconds=150)
def su_and_passwd_ask_for_passwords(guest):
    check(guest.sh("echo root:Secret.1 | chpasswd; echo user:Secret.2 | chpasswd"), stderr="")
    user(guest, "echo Secret.1 | su -c 'id -u'", stdout="0\n")
    # PAM tells the console of the failure.
    result = user(guest, "echo Secret.2 | su -c 'id -u'; test $? = 1")
    require(b"0\n" not in result.stdout.split(b"\r\n"), f"it printed {result.stdout!r}")
    check(guest.sh("cd /root; su user -c 'id -un; pwd; cat .profile'; echo $?"), stdout="user\n/root\n1\n")
    user(guest, "printf 'Secret.2\\nSecret+3x\\nSecret+3x\\n' | passwd; echo Secret+3x | su user -c 'id -u'", stdout=None)
    user(guest, "echo Secret+3x | su user -c 'id -u'; cat /etc/shadow", status=1, stdout="1000\n")
