"""Servers at run time: registering, using, stopping, refusing. (tests/boot/acs has ACS with damaged boot modules.)"""
import hashlib
import json
import os
import subprocess
import tempfile

from harness import TestGuest, alone, case, check, require

EXAMPLE = "/usr/lib/masix/servers/example"
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
STOP = "masix stop example 2>/dev/null; "


def as_json(result):
    """What a command printed with --json: a list of objects that have a name."""
    objects = json.loads(check(result, stderr="").stdout)
    require(all("name" in each for each in objects), f"no name in {objects}")
    return objects


@case
def servers_are_listed(guest):
    lines = check(guest.run("masix", "servers"), stderr="").stdout.decode().splitlines()
    require(lines[0].split()[:2] == ["NAME", "STATE"], f"no heading: {lines[0]}")
    states = {line.split()[0]: line.split()[1] for line in lines[1:]}
    for name in ("acs", "console", "fs", "unix"):
        require(states.get(name) == "up", f"{name} is {states.get(name)}")


@case
def servers_are_listed_by_interface(guest):
    def offering(interface):
        return {each["name"]: each["registered"] for each in
                as_json(guest.run("masix", "servers", "--json", "--interface", interface))}

    guest.sh(STOP)
    require(offering("acs_session") == {}, "ACS itself has registered nothing")
    require(offering("file_system") == {"fs": "fs/root,fs/shm,fs/tmp"}, f"{offering('file_system')}")
    require(offering("501000") == offering("file_system"), "a number is no name")
    require(offering("601000") == {}, f"{offering('601000')}")
    check(guest.run("masix", "start", EXAMPLE))
    require(offering("601000") == {"example": "example"}, f"{offering('601000')}")
    check(guest.sh("masix stop example; masix servers --interface console | sed -n '2,$s/ .*//p'"), stdout="console\n")
    check(guest.run("masix", "servers", "--interface", "nonsense"), status=1,
          stderr="masix: nonsense: no interface of that name in /usr/lib/masix/subsystems, and not a number\n")
    check(guest.run("masix", "servers", "--interface", "dir", "fs"), status=2, stderr=None)


@case
def a_server_is_registered_used_stopped_and_registered_again(guest):
    check(guest.sh(STOP + f"""
        set -e
        masix start {EXAMPLE}
        masix servers example | grep -c ' up '
        example-store add n 5; example-store add n 6
        masix stop example
        masix servers example | grep -c ' up ' || true
        example-store add n 1 || echo gone
        masix start {EXAMPLE}
        example-store add n 1
        masix stop example"""),
          stdout="1\n5\n11\n0\ngone\n1\n", stderr="example-store: no such name\n")


@case
def a_killed_server_vanishes(guest):
    check(guest.sh("""
        masix start gauge && masix kill gauge
        masix servers | grep -c gauge
        masix audit | grep -c 'die gauge'
        masix start gauge && masix stop gauge"""), stdout="0\n1\n")
    check(guest.run("masix", "kill", "gauge"), status=1, stderr="masix: gauge: no such server runs\n")


@case
def a_watch_tells_of_coming_and_going(guest):
    result = check(guest.sh(STOP + f"""
        masix watch example >/tmp/seen &
        until [ $(wc -l </tmp/seen) = 1 ]; do sleep 0.1; done
        masix start {EXAMPLE}; masix stop example
        until [ $(wc -l </tmp/seen) = 3 ]; do sleep 0.1; done
        kill %1; wait 2>/dev/null; cut -d' ' -f2,3,4 /tmp/seen"""))
    lines = result.stdout.decode().splitlines()
    require(lines == ["example went", "example is there,", "example went"], f"it told {lines}")


@case
def a_server_starts_on_demand(guest):
    check(guest.sh(STOP + f"""
        masix start --on-demand {EXAMPLE} && masix servers example | grep -c declared
        example-store --wait add n 7 && masix servers example | grep -c ' up '
        masix stop example"""), stdout="1\n7\n1\n")


@case
def a_server_is_restarted_and_killed(guest):
    check(guest.sh(STOP + """
        masix start example && example-store add n 3 && masix restart example && example-store add n 4
        masix servers example | tail -n 1 | tr -s ' ' | cut -d' ' -f2,4
        masix kill example; example-store add n 1
        masix audit | grep -c 'killed; will be started again'; masix stop example"""), stdout="3\n7\nup 2\n8\n1\n")
    check(guest.run("masix", "kill", "example"), status=1, stderr="masix: example: no such server runs\n")
    check(guest.run("masix", "restart", "example"), status=1, stderr="masix: example: no such server\n")


@case
def a_running_server_is_updated_without_a_failed_call(guest):
    """Two clients that keep the server's port call all the time, while it is replaced three times."""
    result = check(guest.sh(STOP + """
        masix start example
        example-store hammer 5 & one=$!; example-store hammer 5 & two=$!
        more() { before=$(example-store get hammer 2>/dev/null || echo 0); until [ "$(example-store get hammer 2>/dev/null || echo 0)" -gt "$before" ]; do :; done; }
        more
        for i in 1 2 3; do masix update example || echo update failed; more; done
        wait $one || echo one failed; wait $two || echo two failed
        masix audit | grep -c 'replace example'; masix stop example""", ), stderr="")
    lines = result.stdout.decode().split()
    require(len(lines) == 5 and int(lines[0]) > 100 and int(lines[2]) > 100, f"it printed {lines}")
    require(lines[4] == "3", f"{lines[4]} replacements are on record")
    check(guest.run("masix", "update", "example"), status=1,
          stderr="masix: example: refused: no server of that name is up\n")


@case
def a_tampered_audit_record_is_refused(guest):
    guest.sh(STOP)
    result = check(guest.sh("""masix start example; masix audit >/tmp/record; masix stop example
        masix audit --verify; masix audit --verify /tmp/record"""), stderr="")
    lines = [line.split() for line in result.stdout.decode().splitlines()]
    require(len(lines) == 2 and int(lines[0][0]) > int(lines[1][0]) == int(lines[1][-3]) > 3, f"it printed {lines}")
    # A word of the past, a record left out, and a past that follows but was never so.
    for change, why in (("s/start example/start friend/", "does not follow from the one before"),
                        ("/register example/d", "does not have the next number")):
        result = check(guest.sh(f"sed '{change}' /tmp/record >/tmp/forged; masix audit --verify /tmp/forged"), status=1,
                       stdout="")
        require(why.encode() in result.stderr, f"{change}: {result.stderr!r}")
    record = check(guest.run("cat", "/tmp/record")).stdout.decode().splitlines()
    forged = forge(record)
    check(guest.sh(f"cat >/tmp/new <<'END'\n{forged}END\nmasix audit --verify /tmp/new"),
          status=1, stdout="", stderr="masix: /tmp/new: record 1 is not the one that ACS keeps\n")
    # The host's tool knows the chain too.
    with tempfile.TemporaryDirectory() as folder:
        for name, text, status in (("good", "\n".join(record) + "\n", 0), ("chained", forged, 0),
                                   ("bad", "\n".join(record).replace("register", "registre") + "\n", 1)):
            path = os.path.join(folder, name)
            with open(path, "w", encoding="ascii") as file:
                file.write(text)
            tool = subprocess.run([os.path.join(TOP, "build/host/masix-sign"), "audit", path], capture_output=True)
            require(tool.returncode == status, f"{name}: {tool}")


def forge(record):
    """A record with another beginning whose links follow."""
    link = bytes(range(32))
    lines = ["anchor 0 #" + link.hex()]
    for line in record[1:]:
        text = line.rpartition(" #")[0]
        link = hashlib.blake2b(b"MASIX-AUDIT-v2\0" + link + text.encode(), digest_size=32).digest()
        lines.append(f"{text} #{link.hex()}")
    return "\n".join(lines) + "\n"


@case
def keys_are_rotated_and_revoked(guest):
    guest.sh(STOP + "masix start example")
    before = {each["name"]: each for each in as_json(guest.run("masix", "trust", "--json"))}
    require(before["fs"]["state"] == "valid" and before["example"]["epoch"] == 1, f"trust shows {before}")
    check(guest.run("masix", "trust", "rotate"), stdout="", stderr="")
    after = {each["name"]: each for each in as_json(guest.run("masix", "trust", "--json"))}
    require(after["fs"]["epoch"] == before["fs"]["epoch"] + 1 and after["fs"]["state"] == "overlap", f"{after['fs']}")
    # Servers find each other as before: a new one looks up the console.
    check(guest.sh("masix restart example && example-store add n 2"), stdout="2\n")
    check(guest.run("masix", "trust", "revoke", "fs"), status=1, stderr="masix: fs: the system needs it\n")
    check(guest.run("masix", "trust", "rotate", "nobody"), status=1, stderr="masix: nobody: no such server\n")
    check(guest.sh("perl -e '$< = $> = 1000; exec @ARGV' masix trust rotate"), status=1,
          stderr="masix: all: only root may change keys\n")


@case
def commands_speak_json(guest):
    servers = {each["name"]: each for each in as_json(guest.run("masix", "servers", "--json"))}
    require(servers["fs"]["state"] == "up" and servers["fs"]["kib"] > 0 and servers["fs"]["messages"] > 0,
            f"fs is {servers.get('fs')}")
    guest.sh(STOP)
    require(as_json(guest.run("masix", "start", "example", "--json")) == [{"name": "example", "result": "started"}],
            "start tells something else")
    top = as_json(guest.run("masix", "top", "-n", "1", "-d", "0.5", "--json"))
    require({"acs", "fs", "unix", "example"} <= {each["name"] for each in top}, f"top shows {top}")
    require(sum(each["messages_per_second"] for each in top) > 0, "nobody sent a message")
    watch = as_json(guest.run("masix", "watch", "-n", "1", "--json", "example"))
    require(watch[0]["event"] == "came", f"watch tells {watch}")
    as_json(guest.run("masix", "stop", "example", "--json"))
    audit = as_json(guest.run("masix", "audit", "--json"))
    require(any(each["event"] == "stop" and each["name"] == "example" for each in audit), "no stop on record")
    log = as_json(guest.run("masix", "log", "--json"))
    require(any(each["name"] == "example" and each["line"] == "holds nothing yet" for each in log), "no line of the example")
    result = check(guest.run("masix", "stop", "nobody", "--json"), status=1, stderr="masix: nobody: no such server\n")
    require(json.loads(result.stdout) == [{"name": "nobody", "error": "no such server"}], f"{result.stdout!r}")


@case
def top_counts_what_happens(guest):
    lines = check(guest.sh("masix top -n 2 -d 0.5"), stderr="").stdout.decode().splitlines()
    require(len([line for line in lines if line.startswith("NAME")]) == 2, f"not two tables: {lines}")
    require(any(line.split()[0] == "unix" and int(line.split()[3]) > 0 for line in lines), f"unix is idle: {lines}")
    declared = [line.split() for line in lines if " declared " in line]
    require(declared and all(words[3:5] == ["0", "0"] for words in declared), f"who has no task works: {lines}")


@case
def an_unsigned_server_is_refused(guest):
    result = check(guest.sh("cp /bin/true /tmp/unsigned; masix start /tmp/unsigned"), status=1, stdout="")
    require(b"not signed" in result.stderr, f"the reason is {result.stderr!r}")


@case
def a_tampered_server_is_refused(guest):
    copy = f"cp {EXAMPLE} /tmp/bad; cp {EXAMPLE}.manifest /tmp/bad.manifest; "
    flip = """perl -e '($name, $at) = @ARGV; open F, "+<", $name; seek F, $at, 0; read F, $b, 1; seek F, $at, 0;
        print F chr(ord($b) ^ 1)' """
    check(guest.sh(STOP + copy + flip + "/tmp/bad 500000; masix start /tmp/bad"), status=1, stdout="",
          stderr="masix: /tmp/bad: refused: image does not match its manifest\n")
    check(guest.sh(copy + flip + "/tmp/bad.manifest 100; masix start /tmp/bad"), status=1, stdout="",
          stderr="masix: /tmp/bad: refused: its manifest is not signed by this site\n")
    result = check(guest.run("masix", "audit"))
    require(b"refuse example image does not match its manifest" in result.stdout, "the refusal is not on record")


@case
def only_root_may_start_and_stop(guest):
    user = "perl -e '$( = $) = 1000; $< = $> = 1000; exec @ARGV' "
    check(guest.sh(STOP + f"cp {EXAMPLE}* /tmp; chmod 644 /tmp/example*; {user} masix start /tmp/example"),
          status=1, stderr="masix: /tmp/example: only root may start servers\n")
    check(guest.sh(f"{user} masix stop example"), status=1, stderr="masix: example: only root may stop servers\n")
    check(guest.sh(f"{user} masix audit"), status=1, stderr="masix: audit: only root may read the audit record\n")
    check(guest.sh(f"{user} masix servers | grep -c ' up '"), stdout="4\n")


@case
def what_the_system_needs_is_not_stopped(guest):
    for name in ("fs", "unix", "console"):
        check(guest.run("masix", "stop", name), status=1,
              stderr=f"masix: {name}: the system or another server needs it\n")
    check(guest.run("masix", "stop", "nobody"), status=1, stderr="masix: nobody: no such server\n")
    check(guest.run("masix", "stop", "acs"), status=1, stderr="masix: acs: no such server\n")


@case
def wrong_usage_is_told(guest):
    for arguments in ([], ["strat"], ["servers", "-f"], ["top", "-n", "x"], ["top", "-d", "0"], ["start"], ["stop", "a", "b"], ["log", "-x"]):
        result = check(guest.run("masix", *arguments), status=2, stdout="")
        require(b"usage: masix" in result.stderr, f"{arguments}: {result.stderr!r}")
    check(guest.sh("masix strat 2>&1 | head -n 1; masix watch 2>&1; masix trust revoke 2>&1 | head -n 2"),
          stdout="masix: strat: no such command\n"
          "usage: masix watch [-n N] NAME    tell when NAME comes and goes, N times or until interrupted\n"
          "masix --help says more.\n"
          "usage: masix trust                show what the servers are trusted by\n"
          "       masix trust rotate [NAME]  give a server, or all, a new session key\n")
    result = check(guest.run("masix", "--help"), stderr="")
    require(b"masix start FILE" in result.stdout, "no help")
    result = check(guest.run("masix", "start", "/no/such"), status=1)
    require(b"No such file" in result.stderr, f"{result.stderr!r}")


@case(seconds=15)
def who_is_in_no_cluster_hears_so_at_once(guest):
    for command in (["nodes"], ["net"], ["ping", "n2"]):
        check(guest.run("masix", *command), status=1, stdout="", stderr="masix: gns: this machine is in no cluster\n")


@case
def words_are_completed(guest):
    script = """. /usr/share/bash-completion/completions/masix
        complete_words() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _masix; echo "${COMPREPLY[*]}"; }
        complete_words masix re; complete_words masix stop f; complete_words masix start --o; complete_words masix start exam"""
    check(guest.run("bash", "-c", script), stdout="restart\nfs\n--on-demand\nexample\n", stderr="")
    manual = check(guest.run("cat", "/usr/share/man/man8/masix.8")).stdout.decode()
    usage = check(guest.run("masix", "--help")).stdout.decode()
    for line in usage.splitlines():
        words = line.removeprefix("usage:").split()
        if words[:1] == ["masix"]:
            require(words[1] in manual, f"{words[1]} is not in the manual")


@case
def the_log_is_readable(guest):
    result = check(guest.sh(STOP + f"masix start {EXAMPLE}; masix stop example; "
                            "until masix log | grep 'example: holds nothing yet'; do sleep 0.1; done"), stderr="")
    require(b"example: holds nothing yet" in result.stdout, "the example's line is not there")


@case
def a_name_costs_two_calls_and_then_none(guest):
    """The program of the benchmark counts them; times are not looked at. (It fills the audit record: nearly the last.)"""
    rows = check(guest.sh("masix start meter && /usr/lib/masix/trials/meter; masix stop meter"), stderr="").stdout.decode()
    values = {row.split("\t")[0]: float(row.split("\t")[1]) for row in rows.splitlines()}
    require(values["resolve, cold"] <= 2 and values["resolve, warm"] == 0, f"{values}")
    require(values["lookup, many / few"] > 0 and values["restart, crash to registered"] > 0, f"{values}")


# The last one: it stays revoked until the next boot.
@case
def a_revoked_server_does_not_come_back(guest):
    check(guest.sh(STOP + """masix start example && masix trust revoke example; masix servers example | grep -c ' up '
        masix trust | grep -c 'example .* revoked'; masix start example"""), status=1, stdout="0\n1\n",
          stderr="masix: example: refused: its key is revoked\n")


@alone(seconds=150)
def a_revocation_outlives_the_boot():
    with tempfile.TemporaryDirectory() as folder:
        image = f"{folder}/root.img"
        subprocess.run(["cp", "--sparse=always", f"{TOP}/build/root.img", image], check=True)

        def boot(use):
            guest = TestGuest(root_image=image, keep=True)
            try:
                use(guest)
                require(guest.halt(), "it did not shut down in order")
            finally:
                guest.close()

        def revoke(guest):
            check(guest.sh("masix start example && masix trust revoke example; stat -c %a /var/lib/masix/revoked"), stdout="600\n")

        def find_it_revoked(guest):
            check(guest.run("masix", "start", "example"), status=1, stderr="masix: example: refused: its key is revoked\n")
            check(guest.sh("masix trust | grep -c 'example .* revoked'; masix audit | grep -c 'revoke example .*earlier boot'"),
                  stdout="1\n1\n")
            # One byte of the key.
            check(guest.sh("printf X | dd of=/var/lib/masix/revoked bs=1 seek=90 conv=notrunc status=none"))
            check(guest.run("masix", "trust", "load"), status=1, stderr="masix: /var/lib/masix/revoked: refused: "
                  "the list of revoked keys is not what this ACS has written\n")

        def find_it_refused(guest):
            line = "masix: revocations: refused: the list of revoked keys is not what this ACS has written"
            require(guest.log().count(line) == 1, f"no line: {guest.log()[-600:]!r}")
            check(guest.sh("masix start example && masix stop example"))

        boot(revoke)
        boot(find_it_revoked)
        boot(find_it_refused)
