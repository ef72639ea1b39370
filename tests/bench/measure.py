"""Runs programs and says what they cost. Used by scripts/bench."""
import os
import signal
import socket
import statistics
import subprocess
from collections import namedtuple

Sample = namedtuple('Sample', 'status cpu wall peak output')  # nanoseconds, bytes, text
TIMEOUT = 900       # seconds; a program that needs more counts as failed
SLOW = 20e9         # nanoseconds; a program that needs more runs once


class Bench:
    """The helper program, the folder for files, and a collector that drains what is exported."""

    def __init__(self, tools, work):
        self.tools, self.work = tools, work
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(('127.0.0.1', 0))
            self.port = probe.getsockname()[1]
        self.collector = subprocess.Popen([tools, 'drain', str(self.port)], stdout=subprocess.PIPE, text=True)
        if self.collector.stdout.readline() != 'listening\n':
            raise OSError('the collector does not listen')

    def close(self):
        self.collector.terminate()
        self.collector.wait()

    def run(self, command, environment=None):
        output = os.path.join(self.work, 'output')
        variables = {**os.environ, 'HOME': self.work, **(environment or {})}
        process = subprocess.Popen([self.tools, 'run', output, *command], stdout=subprocess.PIPE, text=True, env=variables,
                                   cwd=self.work, start_new_session=True)
        try:
            figures = process.communicate(timeout=TIMEOUT)[0]
        except BaseException as problem:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            if not isinstance(problem, subprocess.TimeoutExpired):
                raise
            figures = f'124 0 {TIMEOUT * 10**9} 0'
        status, cpu, wall, peak = map(int, figures.split())
        with open(output, encoding='utf-8', errors='replace') as file:
            return Sample(status, cpu, wall, peak * 1024, file.read())

    def rounds(self, programs, capture, count, progress=lambda text: None):
        """Each program in turn, `count` times: {name: [Sample]}. One that fails or is slow is not repeated."""
        samples = {program.name: [] for program in programs}
        for n in range(count):
            for program in programs:
                mine = samples[program.name]
                if n and (mine[0].status not in program.good or mine[0].wall > SLOW):
                    continue
                progress(f'{os.path.basename(capture)}: round {n + 1} of {count}, {program.name}')
                mine.append(self.run(program.command(capture), program.environment))
        return samples


def median(samples, field):
    return statistics.median(getattr(sample, field) for sample in samples)
