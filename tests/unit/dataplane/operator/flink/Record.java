// SPDX-License-Identifier: Apache-2.0
//
// Evaluates the expressions of expressions.txt with Flink and writes down what it gave, in place:
//
//   javac -cp 'flink-2.2.0-jars/*' Record.java && java --add-opens=java.base/java.lang=ALL-UNNAMED
//     --add-opens=java.base/java.util=ALL-UNNAMED -cp '.:flink-2.2.0-jars/*' Record expressions.txt
//
// Jars: flink-clients, flink-table-planner_2.12, flink-table-runtime, flink-table-api-java-bridge, flink-connector-files,
// flink-csv, all 2.2.0. The unit test reads the file; it needs no Java.
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.table.api.TableResult;
import org.apache.flink.types.Row;
import org.apache.flink.util.CloseableIterator;

public class Record {
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss.SSSSSS");
    private static final int TOGETHER = 100;

    private final Path folder;
    private final List<String> out = new ArrayList<>();
    private final List<String> pending = new ArrayList<>();
    private final Map<String, String> results = new HashMap<>();
    private String zone = "UTC";
    private TableEnvironment env;

    private Record(Path folder) {
        this.folder = folder;
    }

    public static void main(String[] args) throws Exception {
        Path file = Path.of(args[0]).toAbsolutePath();
        Record record = new Record(file.getParent());

        for (String line : Files.readAllLines(file)) {
            record.take(line);
        }
        record.flush();
        Files.write(file, record.out);
        System.exit(0); // threads of the mini cluster linger
    }

    private void take(String line) throws Exception {
        if (line.startsWith("zone ") || line.startsWith("table ") || line.startsWith("#") || line.isEmpty()) {
            flush();
            out.add(line);
            if (line.startsWith("zone ")) {
                zone = line.substring(5);
            } else if (line.startsWith("table ")) {
                open(line.substring(6));
            }
            return;
        }
        pending.add(line.split("\t")[0]);
        if (pending.size() == TOGETHER) {
            flush();
        }
    }

    private void open(String table) {
        String[] parts = table.split(" \\| ");
        Configuration conf = new Configuration();

        conf.setString("parallelism.default", "1");
        conf.setString("rest.port", "0");
        conf.setString("rest.bind-port", "0");
        conf.setString("table.local-time-zone", zone);
        env = TableEnvironment.create(EnvironmentSettings.newInstance().withConfiguration(conf).inBatchMode().build());
        env.executeSql("CREATE TEMPORARY TABLE t (" + parts[0] + ") WITH ('connector'='filesystem', 'format'='csv', "
                + "'csv.null-literal'='NULL', 'path'='" + folder.resolve(parts[1]) + "')");
    }

    private void flush() {
        run(List.copyOf(pending));
        pending.clear();
    }

    // What is refused is found without a job; the others go into one, and into smaller ones where it fails.
    private void run(List<String> expressions) {
        List<String> left = new ArrayList<>();

        for (String expression : expressions) {
            try {
                env.sqlQuery("SELECT " + expression + " FROM t");
                left.add(expression);
            } catch (Exception e) {
                results.put(expression, expression + "\tREFUSED");
            }
        }
        runParts(left);
        expressions.forEach(expression -> out.add(results.get(expression)));
    }

    private void runParts(List<String> expressions) {
        int half = expressions.size() / 2;

        if (expressions.isEmpty()) {
            return;
        }
        try {
            List<String> lines = evaluate(expressions);
            for (int i = 0; i < lines.size(); i++) {
                results.put(expressions.get(i), lines.get(i));
            }
        } catch (Exception e) {
            if (expressions.size() == 1) {
                results.put(expressions.get(0), expressions.get(0) + "\t" + verdict(e));
                return;
            }
            runParts(expressions.subList(0, half));
            runParts(expressions.subList(half, expressions.size()));
        }
    }

    private List<String> evaluate(List<String> expressions) throws Exception {
        List<StringBuilder> lines = new ArrayList<>();
        StringBuilder query = new StringBuilder();

        for (int i = 0; i < expressions.size(); i++) {
            query.append(i == 0 ? "SELECT " : ", ").append(expressions.get(i)).append(" AS c").append(i);
        }
        TableResult result = env.executeSql(query.append(" FROM t").toString());
        for (int i = 0; i < expressions.size(); i++) {
            String type = result.getResolvedSchema().getColumnDataTypes().get(i).getLogicalType().copy(true).asSummaryString();
            lines.add(new StringBuilder(expressions.get(i)).append('\t').append(type).append('\t'));
        }
        try (CloseableIterator<Row> rows = result.collect()) {
            for (boolean first = true; rows.hasNext(); first = false) {
                Row row = rows.next();
                for (int i = 0; i < expressions.size(); i++) {
                    lines.get(i).append(first ? "" : "|").append(text(row.getField(i)));
                }
            }
        }
        return lines.stream().map(StringBuilder::toString).toList();
    }

    private static String text(Object value) {
        if (value == null) {
            return "NULL";
        } else if (value instanceof String s) {
            return "'" + s.replace("\\", "\\\\").replace("|", "\\p").replace("\n", "\\n").replace("\t", "\\t");
        } else if (value instanceof byte[] bytes) {
            return "x" + HexFormat.of().formatHex(bytes);
        } else if (value instanceof java.math.BigDecimal number) {
            return number.toPlainString();
        } else if (value instanceof Instant instant) {
            return TIME.format(LocalDateTime.ofInstant(instant, ZoneOffset.UTC));
        } else if (value instanceof LocalDateTime time) {
            return TIME.format(time);
        }
        return value.toString();
    }

    // REFUSED when planned, FAILS when run.
    private static String verdict(Throwable e) {
        for (; e != null; e = e.getCause()) {
            String name = e.getClass().getSimpleName();
            if (name.equals("ValidationException") || name.equals("SqlParserException") || name.equals("CodeGenException")
                    || name.equals("CompileException")) {
                return "REFUSED";
            }
        }
        return "FAILS";
    }
}
