"""DOS programs among Unix ones: execve runs them, and COMMAND.COM runs batch files of the tests."""
from harness import case, check, require

PROGRAMS = "/usr/lib/masix/dos"
AS_USER = "perl -e '$( = $) = 1000; $< = $> = 1000; exec @ARGV or exit 126'"
FRESH = "rm -rf /tmp/d; mkdir -m 777 /tmp/d; cd /tmp/d; umask 022"


def batch(guest, text, *arguments, stdin=b"", before=""):
    """Run `text` as a batch file in an empty directory."""
    check(guest.sh(f"{FRESH}; cat >test.bat", stdin=text.replace("\n", "\r\n").encode()))
    return guest.sh(f"cd /tmp/d; {before} dos test.bat {' '.join(arguments)}", stdin=stdin)


def typed(text):
    return text.replace("\n", "\r\n").encode()


@case
def programs_of_dos_are_run_by_name(guest):
    check(guest.sh(f"cd {PROGRAMS}; ./args.com one 'two three' </dev/null; echo $?; ./relocate.exe; echo $?"),
          stdout="1 one\r\n2 two\r\n3 three\r\n4\nfrom one segment\r\nfrom another\r\n5\n")
    # In pipes and with redirections, along PATH, also by a name that looks like an option, and without suffix.
    check(guest.sh(f"""{FRESH}; PATH=$PATH:{PROGRAMS}:.; cp {PROGRAMS}/relocate.exe plain; cp {PROGRAMS}/args.com ./-d.com
        seq 2 | args.com | cat >out; cat out; ./plain >out; echo $?; -d.com x </dev/null; echo $?"""),
          stdout="> 1\r\n> 2\r\n5\n1 x\r\n2\n")


@case
def a_program_of_dos_needs_the_right_to_be_executed(guest):
    script = f"""{FRESH}; cp {PROGRAMS}/relocate.exe a.exe; chmod 644 a.exe; ./a.exe; echo $?
        chmod 700 a.exe; ./a.exe >/dev/null; echo $?; {AS_USER} ./a.exe; echo $?
        chmod 4755 a.exe; {AS_USER} ./a.exe >/dev/null; echo $?"""
    result = check(guest.sh(script), stdout="126\n5\n126\n5\n")
    require(b"Permission denied" in result.stderr, f"stderr is {result.stderr!r}")


@case
def what_is_no_program_stays_none(guest):
    script = f"""{FRESH}; printf 'echo text' >a.txt; printf '\\177ELF' >b.com; : >c; chmod 755 *
        ./a.txt; ./b.com; echo $?; ./c; echo $?"""
    result = check(guest.sh(script), stdout="text\n126\n0\n")
    require(b"Exec format error" in result.stderr, f"stderr is {result.stderr!r}")


@case
def the_table_holds_while_its_server_is_entered(guest):
    """It is in the server's manifest: also when it does not run, and no longer when it is stopped."""
    script = f"""masix kill dos; {PROGRAMS}/relocate.exe >/dev/null; echo $?
        masix stop dos; {PROGRAMS}/relocate.exe 2>/dev/null; echo $?
        masix start --on-demand /usr/lib/masix/servers/dos >/dev/null; {PROGRAMS}/relocate.exe >/dev/null; echo $?"""
    result = guest.sh(f"dos {PROGRAMS}/memory.com; {script}")
    check(result, stdout="5\n126\n5\n")


@case
def batch_files_decide_repeat_and_jump(guest):
    text = """@echo off
if "%1"=="one" echo equal
if not "%1"=="two" echo not equal
if %1==two echo wrong
if exist test.bat echo there
if not exist none.txt echo not there
for %%f in (a b,c) do echo <%%f
for %%f in (*.bat) do if exist %%f echo file %%f
goto over
echo wrong
:over
:again
echo %0 %1 %2
shift
if not "%1"=="" goto again
echo 100%%
echo.
"""
    text = text.replace("echo <%%f", "echo %%f")
    check(batch(guest, text, "one", "two"),
          stdout=typed("equal\nnot equal\nthere\nnot there\na\nb\nc\nfile TEST.BAT\n"
                       "D:\\TMP\\D\\TEST.BAT one two\none two \n100%\n\n"))


@case
def batch_files_call_each_other(guest):
    text = """@echo off
echo @echo off>sub.bat
echo echo sub %%1 %%X%%>>sub.bat
echo exit 9 >last.bat
set x=value
call sub first
echo back
sub second
echo wrong
"""
    check(batch(guest, text), stdout=typed("sub first value\nback\nsub second value\n"))


@case
def exit_codes_pass(guest):
    text = f"""@echo off
d:{PROGRAMS}/relocate.exe >nul
if errorlevel 5 echo five
if errorlevel 6 echo wrong
none
if errorlevel 1 echo one
exit 3
""".replace("/", "\\")
    check(batch(guest, text), status=3, stdout=typed("five\nBad command or file name\none\n"))


@case
def streams_and_pipes_of_the_shell(guest):
    args = f"d:{PROGRAMS}/args".replace("/", "\\")
    text = f"""@echo off
echo one > out.txt
echo two>> out.txt
type out.txt
{args} < out.txt
type out.txt | {args} x | {args} y
echo kept > with.txt
dir /b *.txt
"""
    check(batch(guest, text), status=2,
          stdout=typed("one \ntwo\n> one \n> two\n1 y\n> 1 x\n> > one \n> > two\n"
                       "OUT.TXT\nWITH.TXT\n"))
    check(guest.sh("ls /tmp/d"), stdout="args.out\nout.txt\ntest.bat\nwith.txt\n")


@case
def files_and_directories(guest):
    text = """@echo off
md sub
cd sub
cd
echo abc> a.txt
echo def> b.txt
copy a.txt + b.txt c.txt
type c.txt
ren *.txt *.bak
dir /b
copy *.bak ..
cd ..
del a.bak
md sub
rd sub
del sub\\*.bak
rd sub
if exist sub\\nul echo wrong
dir /b /w *.bak
dir none
type none
"""
    check(batch(guest, text), status=1,
          stdout=typed("D:\\TMP\\D\\SUB\n        1 file(s) copied\nabc\ndef\nA.BAK\nB.BAK\nC.BAK\n"
                       ".\\A.BAK\n.\\B.BAK\n.\\C.BAK\n        3 file(s) copied\nUnable to create directory\n"
                       "Invalid path, not directory, or directory not empty\nB.BAK\nC.BAK\n"
                       " Volume in drive D has no label\n Directory of D:\\TMP\\D\n\nFile not found\nFile not found\n")
          .replace(b".\\", b""))


@case
def the_environment_is_the_callers_and_the_shells(guest):
    text = """@echo off
echo %FOO% %COMSPEC%
set foo=other
set bar=%foo%%foo%
command /c echo %bar% %%bar%%
set foo=
echo (%FOO%)
path c:\\x;d:\\y
path
"""
    check(batch(guest, text, before="DOS_FOO=given"),
          stdout=typed("given D:\\USR\\LIB\\MASIX\\DOS\\COMMAND.COM\notherother %bar%\n()\nPATH=c:\\x;d:\\y\n"))


@case
def a_shell_reads_commands(guest):
    result = guest.sh(f"{FRESH}; dos", stdin=b"ver\r\ncd \\\r\nprompt $$\r\nexit 4\r\n")
    check(result, status=4)
    require(result.stdout.decode().split("\r\n")[1:] == [
        "D:\\TMP\\D>ver", "Masix DOS Version 6.22", "D:\\TMP\\D>cd \\", "D:\\>prompt $$", "$exit 4", ""],
            f"it printed {result.stdout!r}")
    # The end of the input is the end of the shell.
    check(guest.sh("dos", stdin=b"rem nothing\r\n"))


@case
def ctrl_c_ends_a_program_and_a_batch_file(guest):
    hold = f"d:{PROGRAMS}/hold".replace("/", "\\")
    text = f"@echo off\r\n{hold}\r\necho after\r\n"
    check(guest.sh(f"{FRESH}; cat >test.bat", stdin=text.encode()))
    result = guest.type("cd /tmp/d; dos command.com; dos; echo status $?",
                        (b">", b"test\r"), (b"!", b"\x03"), (b"(Y/N)?", b"y"), (b">", b"ver\r"), (b"6.22\r", b"exit 5\r"))
    require(b"after" not in result.stdout and b"status 5" in result.stdout, f"it printed {result.stdout!r}")


@case
def a_signal_ends_a_program_that_never_asks(guest):
    script = f"""{FRESH}; printf '\\353\\376' >for-ever.com
        dos for-ever.com </dev/null & sleep 1; kill $!; wait $!; echo $?"""
    check(guest.sh(script), stdout="143\n")


@case
def machines_share_files(guest):
    """What one has open and locked holds against another one, and goes with it."""
    share = f"dos {PROGRAMS}/share.com"
    script = f"""{FRESH}; head -c 100 /dev/zero >shared.dat; mkfifo go
        hold() {{ exec 3<>go; {share} $1 <go >ready & while [ ! -s ready ]; do :; done; }}
        hold h; {share}; echo $?
        kill -9 $!; wait $! 2>/dev/null; rm ready; exec 3<&-
        until {share} | grep -q 'check 0003'; do :; done  # nobody has it open
        hold d; {share}; echo $?; cat shared.dat | wc -c; echo >&3; wait $!; echo $?; {share} | grep -c 'check 0003'"""
    result = guest.sh(script)
    # The last but one fails where it is told that even a read is denied.
    check(result, stdout="0\nfailed: check 0004\r\n1\n100\n0\n1\n")
