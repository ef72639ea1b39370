"""Rooms: folders with a bare Debian (debootstrap's minbase), in which programs run by chroot.

All of it happens in mount and PID namespaces of this test: what is mounted in a room is never seen outside, and ends, as
all programs do, with this process. Packages come from where this machine has its own: the sources, keys and proxies of
its apt. What was downloaded stays in the folder `store`.
"""
import fcntl
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
STORE = SOURCE / 'build/bare'
ISOLATE = ('unshare', '--mount', '--propagation', 'private', '--pid', '--mount-proc', '--fork', '--kill-child')

STORE_DAYS = 30  # after which the base is made anew
PASSTHROUGH = re.compile(r'Acquire::(https?::|ftp::|Check-|Retries|ForceIPv)')  # settings of apt that say how to reach a mirror
PROXIES = {name: value for name, value in os.environ.items() if name.lower() in ('http_proxy', 'https_proxy', 'ftp_proxy', 'no_proxy')}
PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
DEVICES = ('null', 'zero', 'full', 'random', 'urandom', 'tty')
CLONE = "ada's clone (R&D)"  # folder of the checkout in a user's home; the project must work in a folder with any name


class Failure(Exception):
    pass


def call(*command, **more):
    done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **more)
    if done.returncode:
        raise Failure(f'{" ".join(map(str, command))} failed: {done.stdout.strip()[-2000:]}')
    return done.stdout


# ---- Where this machine's packages come from

def codename():
    return re.search(r'^VERSION_CODENAME=(\S+)', Path('/etc/os-release').read_text(), re.M).group(1)


def sources():
    """(URI, suite) of this Debian's own packages, as apt understands its configuration, in whatever format that is."""
    with tempfile.TemporaryDirectory() as lists:  # the machine's own may be up to date, or gone
        listed = call('apt-get', 'update', '--print-uris', '-o', f'Dir::State::lists={lists}')
    found = dict.fromkeys(re.findall(rf"^'(\S+)/dists/((?:{codename()}|stable)(?:-updates|-security|/updates)?)/main/binary-[^/]+/Packages", listed, re.M))
    if not any('-' not in suite and '/' not in suite for _, suite in found):
        raise Failure(f"apt's sources name no 'main' of Debian {codename()}")
    return list(found)


def mirror():
    uri, suite = next((uri, suite) for uri, suite in sources() if '-' not in suite and '/' not in suite)
    if uri.startswith('mirror+file:'):  # a list of mirrors
        uri = Path(uri.removeprefix('mirror+file:').rstrip('/')).read_text().split()[0]
    return uri, suite


def try_mirror(folder):
    """Raises Failure where Debian's packages cannot be had."""
    uri, suite = mirror()
    call('/usr/lib/apt/apt-helper', 'download-file', f'{uri}/dists/{suite}/Release', folder / 'Release')


def keyrings():
    for folder in ('/etc/apt/trusted.gpg.d', '/etc/apt/keyrings', '/usr/share/keyrings'):
        yield from (path for path in sorted(Path(folder).glob('*')) if path.suffix in ('.gpg', '.asc'))


def copy_apt_configuration(root):
    apt = root / 'etc/apt'
    (apt / 'sources.list').write_text(''.join(f'deb {uri} {suite} main\n' for uri, suite in sources()))
    settings = [line for line in call('apt-config', 'dump').splitlines() if PASSTHROUGH.match(line)]
    (apt / 'apt.conf.d/99machine').write_text('\n'.join(settings) + '\n')
    for path in keyrings():
        shutil.copy(path, apt / 'trusted.gpg.d' / path.name)
    if Path('/etc/apt/mirrors').is_dir():
        shutil.copytree('/etc/apt/mirrors', apt / 'mirrors', dirs_exist_ok=True)
    (root / 'etc/dpkg/dpkg.cfg.d/fast').write_text('force-unsafe-io\n')  # a room does not outlive a power failure


# ---- Rooms

def make_base(store, folder):
    """store/base.tar: what debootstrap makes."""
    base = store / 'base.tar'
    if base.exists() and time.time() - base.stat().st_mtime < STORE_DAYS * 86400:
        return
    uri, suite = mirror()
    (store / 'archives').mkdir(parents=True, exist_ok=True)
    ring = folder / 'keyring.gpg'
    ring.write_bytes(b''.join(path.read_bytes() for path in keyrings() if path.suffix == '.gpg'))
    more = ['--include=ca-certificates'] if uri.startswith('https:') else []
    root = folder / 'base'
    call('debootstrap', '--variant=minbase', f'--cache-dir={store / "archives"}', f'--keyring={ring}', *more, suite, root, uri)
    call('tar', '-C', root, '--one-file-system', '--exclude=./proc/*', '--exclude=./sys/*', '--exclude=./dev/*', '-cf', f'{base}.new', '.')
    os.rename(f'{base}.new', base)


class Room:
    def __init__(self, store, folder, ccache):
        self.root, self.environment = folder, {'PATH': PATH, 'LANG': 'C.UTF-8', **PROXIES}
        folder.mkdir()
        call('tar', '-C', folder, '--numeric-owner', '-xpf', store / 'base.tar')
        copy_apt_configuration(folder)
        for name in ('hosts', 'resolv.conf'):
            shutil.copy(f'/etc/{name}', folder / 'etc' / name)
        self.mount('-t', 'proc', 'proc', at='proc')
        self.mount('-t', 'sysfs', 'sysfs', at='sys')
        self.mount('-t', 'tmpfs', '-o', 'mode=755', 'tmpfs', at='dev')
        for name in DEVICES:
            (folder / 'dev' / name).touch()
            self.mount('--bind', f'/dev/{name}', at=f'dev/{name}')
        for name, target in (('fd', '/proc/self/fd'), ('stdin', 'fd/0'), ('stdout', 'fd/1'), ('stderr', 'fd/2'), ('ptmx', 'pts/ptmx')):
            (folder / 'dev' / name).symlink_to(target)
        self.mount('-t', 'devpts', '-o', 'newinstance,ptmxmode=666,mode=620,gid=5', 'devpts', at='dev/pts')
        self.mount('-t', 'tmpfs', '-o', 'mode=1777', 'tmpfs', at='dev/shm')
        self.mount('--bind', store / 'archives', at='var/cache/apt/archives')
        if ccache:  # what this machine has compiled before is not compiled again
            self.mount('--bind', ccache, at='var/cache/ccache')
            self.environment |= {'CCACHE_DIR': '/var/cache/ccache', 'CCACHE_NOHASHDIR': '1'}

    def mount(self, *words, at):
        (self.root / at).exists() or (self.root / at).mkdir(parents=True)
        call('mount', *words, self.root / at)

    def add_user(self, name, password):
        """A user who may do everything by sudo, with a password."""
        self.do('apt-get', '-q', '-y', 'install', 'sudo')
        self.do('useradd', '-m', '-s', '/bin/bash', '-G', 'sudo', name)
        self.do('sh', '-c', f'echo {name}:{password} | chpasswd')

    def do(self, *command):
        return call('chroot', self.root, *command, env=self.environment | {'HOME': '/root'})

    def copy_checkout(self, source, home, owner):
        """The files of the project that git knows or would add; where it is not a checkout, all but results of builds."""
        target = self.root / home / CLONE
        target.mkdir()
        listed = subprocess.run(['git', '-C', source, 'ls-files', '-z', '--cached', '--others', '--exclude-standard'], capture_output=True, check=False)
        if listed.returncode == 0:
            names = [name for name in listed.stdout.split(b'\0') if name and os.path.lexists(os.path.join(os.fsencode(source), name))]
            packed = subprocess.run(['tar', '-C', source, '--null', '-T', '-', '-cf', '-'], input=b'\0'.join(names), stdout=subprocess.PIPE, check=True).stdout
        else:
            packed = subprocess.run(['tar', '-C', source, '--exclude=./build', '-cf', '-', '.'], stdout=subprocess.PIPE, check=True).stdout
        subprocess.run(['tar', '-C', target, '--no-same-owner', '-xf', '-'], input=packed, check=True)
        self.do('chown', '-R', f'{owner}:{owner}', f'/{home}/{CLONE}')

    def type(self, user, command, log, seconds, password=None, terminal=False):
        """Runs a command in the checkout, as the user who types it at a terminal or starts it without one. Returns (status, output)."""
        account = next(line.split(':') for line in (self.root / 'etc/passwd').read_text().splitlines() if line.startswith(user + ':'))
        uid, gid, home = int(account[2]), int(account[3]), account[5]
        groups = [int(line.split(':')[2]) for line in (self.root / 'etc/group').read_text().splitlines() if user in line.split(':')[3].split(',')]
        environment = self.environment | {'HOME': home, 'USER': user, 'LOGNAME': user, 'SHELL': '/bin/bash', 'CCACHE_BASEDIR': f'{home}/{CLONE}'}

        def become_user():
            os.setgroups([gid, *groups])
            os.setgid(gid)
            os.setuid(uid)
            os.chdir(f'{home}/{CLONE}')
            os.execve('/bin/bash', ['bash', '-c', command], environment | ({'TERM': 'xterm'} if terminal else {}))

        with open(log, 'wb', buffering=0) as output:
            helper = os.fork()
            if helper == 0:
                os.setsid()
                os.chroot(self.root)
                os.chdir('/')
                if terminal:
                    os._exit(attend_terminal(become_user, output, password))
                for fd, target in ((os.open('/dev/null', os.O_RDONLY), 0), (output.fileno(), 1), (output.fileno(), 2)):
                    os.dup2(fd, target)
                become_user()
        end = time.monotonic() + seconds
        while not (ended := os.waitpid(helper, os.WNOHANG))[0]:
            if time.monotonic() > end:
                os.killpg(helper, signal.SIGKILL)
                os.waitpid(helper, 0)
                raise Failure(f'did not end within {seconds} s')
            time.sleep(0.1)
        return os.waitstatus_to_exitcode(ended[1]), log.read_text(errors='replace').replace('\r', '')


def attend_terminal(start, output, password):
    """A terminal, made in the room so that its /dev/pts knows it, on which the password is typed whenever sudo asks for it."""
    child, terminal = pty.fork()
    if child == 0:
        start()
    seen = b''
    while True:
        try:
            data = os.read(terminal, 65536)
        except OSError:  # the last program on the terminal has ended
            break
        output.write(data)
        seen = (seen + data)[-200:]
        if password and re.search(rb'password for [^\n]*: ?$', seen):
            time.sleep(0.2)  # sudo throws away what was typed before it asked
            os.write(terminal, password.encode() + b'\n')
            seen = b''
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) & 255


# ---- Tests in rooms

class Checks:
    def __init__(self):
        self.failed = 0

    def do(self, title, action):
        begin = time.monotonic()
        try:
            told = action()
            print(f'ok    {title}: {told} ({time.monotonic() - begin:.0f} s)', flush=True)
        except Failure as e:
            self.failed += 1
            print(f'FAIL  {title}: {e} ({time.monotonic() - begin:.0f} s)', flush=True)


def why_not():
    if os.geteuid() != 0:
        return 'needs root, for chroot and mounts'
    os.environ['PATH'] += ':/usr/sbin:/sbin'
    for program in ('debootstrap', 'unshare'):
        if not shutil.which(program):
            return f"{program} is missing: run 'scripts/setup bare'"
    probe = subprocess.run([*ISOLATE, 'true'], capture_output=True, text=True, check=False)
    if probe.returncode:
        return f'mount namespaces cannot be made here ({probe.stderr.strip()})'
    with tempfile.TemporaryDirectory() as folder:
        try:
            try_mirror(Path(folder))
        except Failure as e:
            return f"Debian's packages cannot be had here: {next((line for line in str(e).splitlines() if line.startswith('E: ')), e)}"
    return None


def remove(folder):
    """Deletes the rooms; nothing that is mounted in them can be seen from here, and if it can, they stay."""
    mounted = [line.split()[4] for line in Path('/proc/self/mountinfo').read_text().splitlines()]
    if any(point.startswith(f'{folder}/') for point in mounted):
        print(f'{folder} stays: something is mounted in it', file=sys.stderr)
        return
    for _ in range(50):  # programs that were just killed may still write
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(0.2)
    print(f'{folder} cannot be removed', file=sys.stderr)


def run_isolated(script, *words):
    """Runs `SCRIPT --inside FOLDER WORDS` in namespaces of its own, with a folder for its rooms; one at a time. Returns its status."""
    STORE.mkdir(parents=True, exist_ok=True)
    with open(STORE / '.lock', 'w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        folder = Path(tempfile.mkdtemp(prefix='rooms.', dir=STORE))
        folder.chmod(0o755)
        # bash, as the first process there, takes care of those whose parents have ended
        isolated = subprocess.Popen([*ISOLATE, 'bash', '-c', '"$@"; exit', '-', sys.executable, os.path.realpath(script), '--inside', folder, *words])
        try:
            return isolated.wait()
        finally:
            isolated.kill()  # the first process of the namespace, and so all others
            isolated.wait()
            remove(folder)
