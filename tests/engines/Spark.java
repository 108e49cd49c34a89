// SPDX-License-Identifier: Apache-2.0

import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Date;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Runs SQL files on a Spark of this process. The argument names a list: per line a file, a tab, and where its rows go. All statements but
 * the last make views; the last is a query. Prints per file one line as Flink.java does. Rows are written in the layout of Flink's CSV
 * sink, so that the two recordings compare as text.
 */
public final class Spark {
	private static final DateTimeFormatter SECONDS = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss");

	public static void main(String[] args) throws Exception {
		SparkSession spark = SparkSession.builder().master("local[1]").appName("forebay-tests")
			.config("spark.ui.enabled", "false")
			.config("spark.driver.bindAddress", "127.0.0.1")
			.config("spark.driver.host", "127.0.0.1")
			.config("spark.sql.session.timeZone", "UTC")
			.config("spark.sql.shuffle.partitions", "1")
			.config("spark.sql.datetime.java8API.enabled", "true")
			.config("spark.sql.ansi.enabled", "false")
			.config("spark.sql.warehouse.dir", System.getProperty("java.io.tmpdir"))
			.getOrCreate();
		for (String line : Files.readAllLines(Path.of(args[0]))) {
			String[] part = line.split("\t");
			long start = System.currentTimeMillis();
			String result = "ok";
			String causes = "";
			try {
				List<String> statements = split(Files.readString(Path.of(part[0])));
				for (String statement : statements.subList(0, statements.size() - 1)) {
					spark.sql(statement);
				}
				Dataset<Row> rows = spark.sql(statements.get(statements.size() - 1));
				StringBuilder text = new StringBuilder();
				for (Row row : rows.collectAsList()) {
					for (int i = 0; i < row.size(); i++) {
						text.append(i > 0 ? "," : "").append(field(row.get(i)));
					}
					text.append('\n');
				}
				Files.writeString(Path.of(part[1]), text);
			} catch (Throwable thrown) {
				result = "failed";
				causes = " " + thrown.getClass().getSimpleName() + ": " + String.valueOf(thrown.getMessage()).replaceAll("\\s+", " ");
			}
			System.out.println(result + " " + part[0] + " " + (System.currentTimeMillis() - start) + causes);
			System.out.flush();
			for (Row view : spark.sql("SHOW VIEWS").collectAsList()) {
				spark.catalog().dropTempView(view.getString(1));
			}
		}
		System.exit(0);
	}

	/** A value as Flink's CSV format writes it (semantics.md 1.5). */
	private static String field(Object value) {
		if (value == null) {
			return "";
		}
		if (value instanceof BigDecimal) {
			return ((BigDecimal) value).stripTrailingZeros().toString();
		}
		if (value instanceof Number || value instanceof Boolean) {
			return value.toString();
		}
		if (value instanceof byte[]) {
			return quoted(Base64.getEncoder().encodeToString((byte[]) value));
		}
		if (value instanceof LocalDateTime) {
			return quoted(stamp((LocalDateTime) value));
		}
		if (value instanceof Instant) {
			return quoted(stamp(LocalDateTime.ofInstant((Instant) value, ZoneOffset.UTC)) + "Z");
		}
		if (value instanceof LocalDate || value instanceof Date) {
			return value.toString();
		}
		return quoted(value.toString());
	}

	private static String stamp(LocalDateTime time) {
		if (time.getNano() == 0) {
			return SECONDS.format(time);
		}
		return SECONDS.format(time) + "." + String.format("%09d", time.getNano()).replaceFirst("0+$", "");
	}

	private static String quoted(String text) {
		boolean quote = text.length() > 24 || text.indexOf('\\') >= 0 || text.chars().anyMatch(c -> c <= ',');
		return quote ? '"' + text.replace("\"", "\"\"") + '"' : text;
	}

	/** At semicolons outside quotes, backticks and line comments. */
	private static List<String> split(String text) {
		List<String> statements = new ArrayList<>();
		StringBuilder one = new StringBuilder();
		for (int i = 0; i < text.length(); i++) {
			char c = text.charAt(i);
			if (text.startsWith("--", i)) {
				i = Math.max(i, text.indexOf('\n', i) < 0 ? text.length() : text.indexOf('\n', i) - 1);
			} else if (c == '\'' || c == '`') {
				int end = i + 1;
				while (text.charAt(end) != c) {
					end += text.charAt(end) == '\\' ? 2 : 1;
				}
				one.append(text, i, end + 1);
				i = end;
			} else if (c == ';') {
				statements.add(one.toString().strip());
				one.setLength(0);
			} else {
				one.append(c);
			}
		}
		if (!one.toString().isBlank()) {
			statements.add(one.toString().strip());
		}
		return statements;
	}
}
