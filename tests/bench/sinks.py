"""What each sink costs, beside txtSink: servers of the tests run on this machine while t2 is measured. Used by scripts/bench."""
import contextlib
import glob
import itertools
import os
import shutil
import sys

from programs import PLUGINS, Program

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
sys.path.insert(0, ROOT + '/tests/sinks')
from common import Work  # noqa: E402
from servers import ClickHouse, Cluster, Nats, Postgres  # noqa: E402

NONE = 'no sink'
ENGINE = 'the engine of sqliteSink'  # prints its CPU time: it is in the process, and not the sink's own
runs = itertools.count(1)  # each is another sensor: no server knows its rows


def postgres(work):
    server = work.add(Postgres(work.folder))
    server.run()
    server.fresh()
    return {'PSQL_PORT': server.port, 'PSQL_DBNAME': 't2', 'PSQL_OVERWRITE_TABLE': 1}


def clickhouse(work):
    server = work.add(ClickHouse(work.folder))
    server.run()
    return {'CLICKHOUSE_DBPORT': server.port, 'CLICKHOUSE_OVERWRITE_TABLE': 1}


def nats(work):
    server = work.add(Nats(work.folder, 'nats'))
    server.run()
    return {'NATS_URL': f'nats://127.0.0.1:{server.port}'}


def kafka(work):
    cluster = Cluster(work.folder)
    work.add(cluster)
    return {'KAFKA_BROKERS': cluster.brokers, 'KAFKA_SETTINGS': 'linger.ms=20'}


def kafka_shared(work):
    return {**kafka(work), 'KAFKA_ROWS': 50}


# sink, or sink and how: (its server, the program that this needs)
SINKS = {'txtSink': (None, None), 'jsonSink': (None, None), 'parquetSink': (None, None), 'sqliteSink': (None, None),
         'psqlSink': (postgres, 'initdb'), 'clickhouseSink': (clickhouse, 'clickhouse-server'), 'natsSink': (nats, 'nats-server'), 'kafkaSink': (kafka, 'c++'),
         'kafkaSink, 50 rows a message': (kafka_shared, 'c++')}


def engine(bench, program):
    """The same rows once more, by libsqlite3 alone."""
    return Program(ENGINE, lambda _: [program, bench.work + '/sink.db', bench.work + '/engine.db'], None, {0})


def plugin_of(sink):
    return sink.split(',', maxsplit=1)[0]


def program(bench, build, sink, settings):
    plugins = [name for name in PLUGINS if name != 'netflowSink'] + ['sensor'] + ([] if sink == NONE else [plugin_of(sink)])
    environment = {'SQLITE_OVERWRITE_DB': '1', **{name: str(value) for name, value in settings.items()}}

    def command(capture):
        return [build + '/tranalyzer', '-p', build + '/plugins', '--plugins', ','.join(plugins), '-t', '0', '-x', str(next(runs)), '-r', capture, '-w', bench.work + '/sink']
    return Program(sink, command, environment, {0})


@contextlib.contextmanager
def at_work(bench, build):
    """t2 without a sink and with each, and a line for each that is missing; their servers run meanwhile."""
    os.environ['PATH'] += ''.join(f':{place}' for place in ('/usr/sbin', *glob.glob('/usr/lib/postgresql/*/bin')))
    programs, missing = [program(bench, build, NONE, {})], []
    with Work() as work:
        for sink, (server, needed) in SINKS.items():
            if not glob.glob(f'{build}/plugins/*_{plugin_of(sink)}.so'):
                missing.append(f'{sink}: left out of the build: scripts/setup sinks')
            elif needed and not shutil.which(needed):
                missing.append(f'{sink}: {needed} is not installed: scripts/setup servers')
            else:
                programs.append(program(bench, build, sink, server(work) if server else {}))
        yield programs, missing
