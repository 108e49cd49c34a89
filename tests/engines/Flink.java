// SPDX-License-Identifier: Apache-2.0

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.table.api.TableResult;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;

/**
 * Runs SQL files on a Flink of this process, each in an environment of its own. The argument names a list: one file a line.
 * Prints per file one line, "ok FILE MILLISECONDS" or "failed FILE MILLISECONDS CAUSES".
 *
 * <p>The settings are those of a golden run (semantics.md M2): every advance of the watermark is emitted, so that two runs drop the
 * same late rows; one task, so that there is one order.
 */
public final class Flink {
	private static final String[][] GOLDEN = {
		{"parallelism.default", "1"},
		{"pipeline.auto-watermark-interval", "0 ms"},
		{"table.optimizer.agg-phase-strategy", "ONE_PHASE"},
		{"table.local-time-zone", "UTC"},
		{"rest.port", "0"},
		{"rest.bind-port", "0"},
		{"restart-strategy.type", "none"},
	};
	private static final Pattern SET = Pattern.compile("SET\\s+'([^']*)'\\s*=\\s*'([^']*)'", Pattern.CASE_INSENSITIVE);
	private static final Pattern RESET = Pattern.compile("RESET(\\s+'([^']*)')?", Pattern.CASE_INSENSITIVE);

	public static void main(String[] args) throws Exception {
		for (String file : Files.readAllLines(Path.of(args[0]))) {
			long start = System.currentTimeMillis();
			String result = "ok";
			String causes = "";
			try {
				run(split(Files.readString(Path.of(file))));
			} catch (Throwable thrown) {
				result = "failed";
				causes = " " + causes(thrown);
			}
			System.out.println(result + " " + file + " " + (System.currentTimeMillis() - start) + causes);
			System.out.flush();
		}
		System.exit(0); // threads of the mini clusters linger
	}

	private static void run(List<String> statements) throws Exception {
		Configuration conf = new Configuration();
		for (String[] pair : GOLDEN) {
			conf.setString(pair[0], pair[1]);
		}
		// The mode has to be known before the environment is made: look ahead.
		boolean batch = false;
		for (String statement : statements) {
			Matcher set = SET.matcher(statement);
			if (set.matches() && set.group(1).equals("execution.runtime-mode")) {
				batch = set.group(2).equalsIgnoreCase("batch");
			}
		}
		TableEnvironment table = batch
			? TableEnvironment.create(EnvironmentSettings.newInstance().inBatchMode().withConfiguration(conf).build())
			: StreamTableEnvironment.create(StreamExecutionEnvironment.getExecutionEnvironment(conf));
		for (String statement : statements) {
			Matcher set = SET.matcher(statement);
			Matcher reset = RESET.matcher(statement);
			if (set.matches()) {
				if (!set.group(1).equals("execution.runtime-mode")) {
					table.getConfig().set(set.group(1), set.group(2));
				}
			} else if (reset.matches()) {
				if (reset.group(2) == null) {
					throw new IllegalArgumentException("RESET of everything would end the golden settings");
				}
				table.getConfig().getConfiguration().removeKey(reset.group(2));
			} else {
				TableResult done = table.executeSql(statement);
				if (done.getJobClient().isPresent()) {
					done.await();
				}
			}
		}
	}

	private static String causes(Throwable thrown) {
		StringBuilder text = new StringBuilder();
		for (Throwable t = thrown; t != null && t != t.getCause(); t = t.getCause()) {
			String message = t.getMessage() == null ? "" : t.getMessage().replaceAll("\\s+", " ");
			text.append(text.length() > 0 ? " | " : "").append(t.getClass().getSimpleName()).append(": ").append(message);
		}
		return text.toString();
	}

	/** At semicolons outside quotes, backticks and comments; a statement set stays whole; comments go, hints stay. */
	private static List<String> split(String text) {
		List<String> statements = new ArrayList<>();
		StringBuilder one = new StringBuilder();
		boolean set = false;
		for (int i = 0; i < text.length();) {
			char c = text.charAt(i);
			int end;
			if (text.startsWith("--", i)) {
				end = text.indexOf('\n', i);
				i = end < 0 ? text.length() : end;
			} else if (text.startsWith("/*", i) && !text.startsWith("/*+", i)) {
				i = text.indexOf("*/", i) + 2;
			} else if (c == '\'' || c == '`' || c == '"') {
				end = text.indexOf(c, i + 1);
				one.append(text, i, end + 1);
				i = end + 1;
			} else if (c != ';') {
				one.append(c);
				i++;
			} else {
				i++;
				String done = one.toString().strip();
				set = set || done.matches("(?is)(EXECUTE\\s+STATEMENT\\s+SET\\s+BEGIN|BEGIN\\s+STATEMENT\\s+SET)\\b.*");
				boolean ended = done.matches("(?is).*;\\s*END");
				if (set && !ended) {
					one.append(';');
					continue;
				}
				// The second form is known to Flink's SQL client only.
				done = done.replaceFirst("(?is)^BEGIN\\s+STATEMENT\\s+SET\\s*;", "EXECUTE STATEMENT SET BEGIN ");
				if (!done.isEmpty()) {
					statements.add(done);
				}
				one.setLength(0);
				set = false;
			}
		}
		if (!one.toString().isBlank()) {
			statements.add(one.toString().strip());
		}
		return statements;
	}
}
