// What is in Parquet files, as two programs that are strangers to each other read them: `parquet_read.mjs PACKAGES READER
// FILE...` prints the names of the columns and then each row as JSON; READER is duckdb or hyparquet. Integers of 64 bits
// and times are texts, times in nanoseconds.
//
// `parquet_read.mjs PACKAGES sql STATEMENTS` runs statements in DuckDB and prints the rows of the last one.
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const [packages, reader, ...files] = process.argv.slice(2)
const require = createRequire(packages + '/')
const load = name => import(pathToFileURL(require.resolve(name)))
const plain = (_, value) => typeof value === 'bigint' ? value.toString() : value

async function connection() {
  const { DuckDBInstance } = (await load('@duckdb/node-api')).default ?? await load('@duckdb/node-api')
  return (await DuckDBInstance.create(':memory:')).connect()
}

if (reader === 'sql') {
  const duckdb = await connection()
  for (const row of (await duckdb.runAndReadAll(files[0])).getRowsJson()) console.log(row.join('|'))
} else if (reader === 'duckdb') {
  const duckdb = await connection()
  const list = '[' + files.map(file => `'${file}'`).join(', ') + ']'
  const about = await duckdb.runAndReadAll(`DESCRIBE SELECT * FROM read_parquet(${list})`)
  const columns = about.getRowsJson().map(row => ({ name: row[0], type: row[1] }))
  console.log(JSON.stringify(columns))
  const value = ({ name, type }) => type === 'TIMESTAMP_NS' ? `epoch_ns("${name}")` : type === 'TIMESTAMP_NS[]' ? `list_transform("${name}", x -> epoch_ns(x))` : `"${name}"`
  const rows = await duckdb.runAndReadAll(`SELECT ${columns.map(value).join(', ')} FROM read_parquet(${list})`)
  for (const row of rows.getRowsJson()) console.log(JSON.stringify(row, plain))
} else {
  const { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } = await load('hyparquet')
  const { compressors } = await load('hyparquet-compressors')
  let first = true
  for (const name of files) {
    const file = await asyncBufferFromFile(name)
    const metadata = await parquetMetadataAsync(file)
    const columns = metadata.schema.filter(element => !['flow', 'list', 'element'].includes(element.name)).map(({ name }) => ({ name }))
    if (first) console.log(JSON.stringify(columns))
    first = false
    const parsers = { timestampFromNanoseconds: nanoseconds => nanoseconds }
    for (const row of await parquetReadObjects({ file, metadata, compressors, parsers })) console.log(JSON.stringify(columns.map(({ name }) => row[name]), plain))
  }
}
