"""Network namespaces for tests. They need no mount namespace, so they also work where / is no mount point (chroot)."""
import ctypes
import os
import signal
import subprocess

CLONE_NEWNET = 0x40000000
PR_SET_PDEATHSIG = 1
libc = ctypes.CDLL(None, use_errno=True)


def call(function, *arguments):
    if function(*arguments):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), function.__name__)


def why_not():
    """The reason why no namespaces can be made here, or None."""
    os.environ['PATH'] += ':/usr/sbin:/sbin'  # `ip` is there, and not on the PATH of users
    if os.geteuid() != 0:
        return 'needs root, to make network namespaces'
    try:
        subprocess.run(['unshare', '--net', 'ip', 'link', 'add', 'one', 'type', 'veth', 'peer', 'name', 'two'], check=True, capture_output=True, text=True)
    except OSError as e:
        return f'{e.filename} is missing'
    except subprocess.CalledProcessError as e:
        return f'network namespaces cannot be made here ({e.stderr.strip()})'
    return None


class Namespace:
    """The network namespace this process is in. Programs that are started there do not outlive this process."""

    def __init__(self):
        self.fd = os.open('/proc/self/ns/net', os.O_RDONLY)

    def enter(self):
        call(libc.setns, self.fd, CLONE_NEWNET)
        call(libc.prctl, PR_SET_PDEATHSIG, signal.SIGKILL)

    def start(self, command, **more):
        return subprocess.Popen([str(word) for word in command], preexec_fn=self.enter, **more)

    def run(self, *command, **more):
        more = {'check': True, 'stdout': subprocess.DEVNULL, 'stderr': subprocess.DEVNULL, 'timeout': 60} | more
        return subprocess.run([str(word) for word in command], preexec_fn=self.enter, **more)

    def connect(self, other, *link):
        """Makes a pair of interfaces, described as for `ip link add`: the first end is here, the second in `other`."""
        holder = other.start(['sleep', '60'])  # `ip` takes a process for the name of its namespace
        try:
            self.run('ip', 'link', 'add', *link, 'netns', holder.pid)
        finally:
            holder.kill()
            holder.wait()


def move_to_new_namespace():
    """Moves this process, which has one thread, to a namespace of its own."""
    call(libc.unshare, CLONE_NEWNET)
    return Namespace()


def new_namespace():
    """Makes one beside that of this process."""
    here = Namespace()
    there = move_to_new_namespace()
    call(libc.setns, here.fd, CLONE_NEWNET)
    return there
