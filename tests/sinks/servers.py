"""The servers that tests and benchmarks of sinks start: PostgreSQL, NATS, ClickHouse, and a Kafka cluster that is none."""
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import jetstream
from common import Server, free_port

TOPIC = 'tranalyzer.flows'


class Postgres(Server):
    def __init__(self, folder, name='postgres'):
        super().__init__(folder, name, 'postgres')
        subprocess.run(['initdb', '-D', self.folder / 'data', '-A', 'trust', '-U', 'postgres', '-N'], check=True, stdout=subprocess.DEVNULL, **self.identity)

    def run(self):
        self.start(['postgres', '-D', self.folder / 'data', '-p', self.port, '-k', self.folder, '-h', '127.0.0.1', '-F'], self.answers)

    def answers(self):
        return self.sql('SELECT 1', check_status=False) == '1'

    def sql(self, text, database='postgres', check_status=True):
        done = subprocess.run(['psql', '-h', '127.0.0.1', '-p', str(self.port), '-U', 'postgres', '-d', database, '-X', '-A', '-t', '-q', '-c', text],
                              capture_output=True, text=True, check=False)
        if check_status and done.returncode:
            sys.exit(f'{text}: {done.stderr}')
        return done.stdout.strip()

    def signal_all(self, number):
        """To all its processes: in groups of their own, all of them children of the first."""
        children = subprocess.run(['ps', '-o', 'pid=', '--ppid', str(self.process.pid)], capture_output=True, text=True, check=True).stdout.split()
        for process in [self.process.pid, *children]:
            try:
                os.kill(int(process), number)
            except ProcessLookupError:
                pass

    def hard_kill(self):
        self.signal_all(signal.SIGKILL)
        self.process.wait()

    def kill(self, how=signal.SIGINT):  # fast shutdown
        super().kill(how)

    def settings(self, **more):
        return {'PSQL_PORT': self.port, 'PSQL_DBNAME': 't2', 'PSQL_TRANSACTION_NFLOWS': 500, 'PSQL_TIMEOUT': 20, **more}

    def fresh(self):
        self.sql('DROP DATABASE IF EXISTS t2 WITH (FORCE)')
        self.sql('CREATE DATABASE t2')

    def counts(self):
        """Rows, and of them distinct by their key."""
        both = self.sql('SELECT count(*), count(DISTINCT (sensor, "runStart", "flowInd", dir, "timeFirst")) FROM flow', 't2', False)
        return tuple(int(n) for n in both.split('|')) if both else (0, 0)


class Nats(Server):
    def run(self, more=''):
        (self.folder / 'conf').write_text(f'listen: 127.0.0.1:{self.port}\njetstream: {{ store_dir: "{self.folder}/store" }}\n{more}\n')
        self.start(['nats-server', '-c', self.folder / 'conf'])

    def fresh(self):
        jetstream.request(self.port, '$JS.API.STREAM.DELETE.tranalyzer')


CONFIG = '''<yandex>
<logger><level>warning</level><console>true</console></logger>
<http_port>{port}</http_port><tcp_port>{tcp}</tcp_port><interserver_http_port>{inter}</interserver_http_port><listen_host>127.0.0.1</listen_host>
<path>{folder}/data/</path><tmp_path>{folder}/tmp/</tmp_path><user_files_path>{folder}/files/</user_files_path>
<users_config>{folder}/users.xml</users_config><default_profile>default</default_profile><default_database>default</default_database>
<kafka><auto_offset_reset>earliest</auto_offset_reset></kafka><mark_cache_size>67108864</mark_cache_size><max_concurrent_queries>20</max_concurrent_queries>
</yandex>'''
USERS = '''<yandex><profiles><default><max_memory_usage>1000000000</max_memory_usage></default></profiles><quotas><default></default></quotas>
<users><default><password></password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></default>
<guarded><password>secret</password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></guarded></users></yandex>'''


class ClickHouse(Server):
    def __init__(self, folder, name='clickhouse'):
        super().__init__(folder, name)
        (self.folder / 'users.xml').write_text(USERS)
        (self.folder / 'config.xml').write_text(CONFIG.format(port=self.port, tcp=free_port(), inter=free_port(), folder=self.folder))

    def run(self):
        self.start(['clickhouse-server', f'--config-file={self.folder}/config.xml'], lambda: self.sql('SELECT 1') == '1')

    def sql(self, text):
        try:
            return urllib.request.urlopen(f'http://127.0.0.1:{self.port}/', text.encode(), timeout=20).read().decode().strip()
        except OSError:
            return ''

    def settings(self, **more):
        return {'CLICKHOUSE_DBPORT': self.port, 'CLICKHOUSE_TRANSACTION_NFLOWS': 500, 'CLICKHOUSE_TIMEOUT': 20, **more}

    def fresh(self):
        self.sql('DROP TABLE IF EXISTS flow')

    def counts(self):
        both = self.sql('SELECT count(), uniqExact(sensor, runStart, flowInd, dir, timeFirst) FROM flow FORMAT TabSeparated')
        return tuple(int(n) for n in both.split()) if both else (0, 0)


class Cluster:
    """Gone when this process ends: the end of its standard input ends it."""

    def __init__(self, folder):
        program = Path(folder) / 'kafka_mock'
        if not program.exists():
            subprocess.run(['c++', '-std=c++20', '-O1', Path(__file__).resolve().parent / 'kafka_mock.cpp', '-o', program, '-lrdkafka'], check=True)
        self.process = subprocess.Popen([program, TOPIC], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.brokers = self.process.stdout.readline().strip()

    def tell(self, *words):
        print(*words, file=self.process.stdin, flush=True)
        if self.process.stdout.readline().strip() != 'done':
            sys.exit(f'the mock cluster does not know {words}')

    def all(self, word):
        for broker in (1, 2, 3):
            self.tell(word, broker)

    def messages(self):
        """Partition, key, header and value of all."""
        done = subprocess.run(['kcat', '-b', self.brokers, '-C', '-t', TOPIC, '-o', 'beginning', '-e', '-q', '-f', '%p\t%k\t%h\t%s\\x1e'],
                              capture_output=True, text=True, check=False, timeout=60)
        return [message.split('\t', 3) for message in done.stdout.split('\x1e')[:-1]]

    def counts(self):
        """Rows, and of them distinct ones."""
        rows = [line for *_, value in self.messages() for line in value.splitlines()]
        return len(rows), len(set(rows))

    def close(self):
        self.process.stdin.close()
        self.process.wait()

    kill = close
