"""The example server: a store of values by keys."""
import json

from harness import case, check, require

BEGIN = "masix stop example 2>/dev/null; masix start example || exit; "


@case
def values_are_put_got_listed_and_deleted(guest):
    check(guest.sh(BEGIN + """
        example-store put unix/path /bin:/sbin; example-store put dos/path 'C:\\DOS'; example-store put empty ''
        printf 'a\\0b' | example-store put unix/bytes
        example-store get unix/path; echo; example-store get dos/path; echo; example-store get empty
        example-store get unix/bytes | od -An -tx1
        example-store list; example-store list unix/
        example-store put unix/path /usr/bin; example-store get unix/path; echo
        example-store delete unix/path && example-store list unix/"""), stderr="",
          stdout="/bin:/sbin\nC:\\DOS\n 61 00 62\ndos/path 6\nempty 0\nunix/bytes 3\nunix/path 10\n"
                 "unix/bytes 3\nunix/path 10\n/usr/bin\nunix/bytes 3\n")


@case
def errors_are_told(guest):
    check(guest.sh(BEGIN + "example-store put n x"))
    for command, why in (("get nothing", "nothing: no such name"), ("delete nothing", "nothing: no such name"),
                         ("put 'a b' x", "a b: invalid argument"), ("get ''", "invalid argument"),
                         ("add n 1", "n: invalid argument"),
                         ("put $(printf %064d 0) x", "0" * 64 + ": name too long"),
                         ("put big $(printf %01025d 0)", "big: too big"),
                         ("put big <<<$(printf %05000d 0)", "big: too big")):
        check(guest.sh("example-store " + command), status=1, stdout="", stderr=f"example-store: {why}\n")
    check(guest.sh("example-store put big $(printf %01024d 0) && example-store get big | wc -c"), stdout="1024\n")
    for command in ("", "get", "get a b", "add n one", "watch -n x k", "list -x", "nonsense k"):
        result = check(guest.sh("example-store " + command), status=2, stdout="")
        require(b"usage: example-store" in result.stderr, f"{command}: {result.stderr!r}")


@case
def the_store_has_a_bound(guest):
    check(guest.sh(BEGIN + """
        for ((i = 0; i < 192; i++)); do example-store put k$i x || exit; done
        example-store put one-more x; example-store put k7 y; example-store delete k8; example-store put one-more x
        example-store list | wc -l"""), stdout="192\n", stderr="example-store: one-more: limit reached\n")


@case
def adding_from_several_sides_loses_nothing(guest):
    check(guest.sh(BEGIN + """
        for side in 1 2 3; do for ((i = 0; i < 20; i++)); do example-store add sum $side; done >/dev/null & done
        wait; example-store get sum"""), stdout="120", stderr="")


@case
def a_watch_tells_of_each_change(guest):
    check(guest.sh(BEGIN + """
        example-store watch -n 3 key >/tmp/seen & watcher=$!
        for ((i = 0; i < 200; i++)); do  # until it watches
            example-store put key x; [ -s /tmp/seen ] && break; done
        example-store put other x; example-store delete key; example-store add key; wait $watcher; sort -u /tmp/seen"""),
          stdout="1\nkey\n", stderr="")


@case
def too_many_watchers_are_refused_and_dead_ones_forgotten(guest):
    check(guest.sh(BEGIN + """
        for ((i = 0; i < 33; i++)); do example-store watch key >/dev/null 2>>/tmp/refused & done
        for ((i = 0; i < 200; i++)); do [ -s /tmp/refused ] && break; sleep 0.05; done; cat /tmp/refused
        kill $(jobs -p) 2>/dev/null; wait
        example-store watch -n 1 key & watcher=$!
        for ((i = 0; i < 200; i++)); do example-store put key x; kill -0 $watcher 2>/dev/null || break; done
        wait $watcher"""), stdout="example-store: key: limit reached\nkey\n", stderr="")


@case
def the_list_speaks_json(guest):
    result = check(guest.sh(BEGIN + """example-store list --json; example-store put 'a"\\' xyz
        example-store put b ''; example-store list --json"""), stderr="")
    decoder, text = json.JSONDecoder(), result.stdout.decode()
    first, end = decoder.raw_decode(text)
    require(first == [], f"an empty store lists {first}")
    second = json.loads(text[end:])
    require(second == [{"name": 'a"\\', "size": 3}, {"name": "b", "size": 0}], f"{second}")


@case
def values_survive_the_server(guest):
    check(guest.sh(BEGIN + """
        example-store put key 'a value'
        example-store watch -n 2 watched >/tmp/seen & watcher=$!
        until [ -s /tmp/seen ]; do example-store put watched x; done
        for side in 1 2 3; do for ((i = 0; i < 20; i++)); do example-store add sum $side || echo "fails"; done >/tmp/side$side & sides="$sides $!"; done
        for ((i = 0; i < 4; i++)); do example-store crash; example-store list >/dev/null; masix kill example; done
        wait $sides; grep fails /tmp/side?
        example-store get sum; echo; example-store get key; echo
        while kill -0 $watcher 2>/dev/null; do example-store put watched y; done
        masix audit | grep -c 'inherit example'; masix stop example"""), stdout="120\na value\n8\n", stderr="")


@case
def programs_of_dos_share_the_values(guest):
    """What one personality has put the other one finds, also when the server has died in between."""
    dos = "dos /usr/lib/masix/dos/store.com"
    check(guest.sh(BEGIN + f"""
        example-store put unix/path /usr/bin; {dos} get unix/path; echo
        {dos} put dos/path 'C:\\DOS;D:\\bin'; example-store get dos/path; echo; example-store list dos/
        masix kill example; {dos} get dos/path; echo; {dos} put dos/path x; example-store get dos/path; echo
        {dos} get nothing; echo $?; masix stop example; {dos} get dos/path; echo $?"""), stderr="",
          stdout="/usr/bin\nC:\\DOS;D:\\bin\ndos/path 13\nC:\\DOS;D:\\bin\nx\n"
                 "the store refuses\r\n2\nthere is no store\r\n1\n")
