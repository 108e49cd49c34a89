/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <stdlib.h>

#include "config/appliance/address.h"
#include "config/appliance/appliance.h"
#include "config/appliance/setting.h"
#include "config/base/errcode.h"

#define STREAM MINIMAL "streams: [{table: t, port: p0, udp_port: 1, layout:      "
#define MINIMAL "ports:\n  - name: p0\n    device: net_null0\n"

static int parse(const char *text, struct fb_diags *diags, struct fb_appliance **ret)
{
	fb_diags_init(diags, "t.yaml");
	return fb_appliance_parse("t.yaml", fb_str_from(text), diags, ret);
}

static struct fb_appliance *parse_good(const char *text)
{
	struct fb_appliance *appliance = NULL;
	struct fb_diags diags;
	int rc = parse(text, &diags, &appliance);

	if (rc != 0)
		fb_diags_print(&diags, text, stderr);
	cr_assert_eq(rc, 0);
	fb_diags_fini(&diags);
	return appliance;
}

Test(appliance, defaults)
{
	struct fb_appliance *a =
		parse_good(MINIMAL "streams: [{table: people, port: p0, udp_port: 5000}]\n");

	cr_assert_str_eq(a->file, "t.yaml");
	cr_assert_str_eq(a->name, "forebay");
	cr_assert_str_eq(a->store.path, "/var/lib/forebay");
	cr_assert_eq(a->store.results_retention_s, 86400);
	cr_assert_str_eq(a->http.socket, "/run/forebay/forebay.sock");
	cr_assert_str_eq(a->http.listen, "127.0.0.1:9471");
	cr_assert_eq(a->cores.main, 0);
	cr_assert_eq(a->cores.workers_count, 1);
	cr_assert_eq(a->cores.workers[0], 1);
	cr_assert_eq(a->cores.idle_sleep_us, 250);
	cr_assert_eq(a->memory.packet_mb, 64);
	cr_assert_eq(a->memory.state_mb, 256);
	cr_assert_eq(a->memory.output_mb, 16);
	cr_assert_not(a->memory.hugepages);
	cr_assert_str_eq(a->kernels, "auto");
	cr_assert_eq(a->ports_count, 1);
	cr_assert_eq(a->ports[0].mtu, 1500);
	cr_assert_eq(a->ports[0].queues, 1);
	cr_assert_eq(a->ports[0].rx_descriptors, 1024);
	cr_assert_eq(a->ports[0].checksum, FB_CHECKSUM_DROP);
	cr_assert_null(a->ports[0].mac);
	cr_assert_eq(a->ports[0].addresses_count, 0);
	cr_assert_not(a->ports[0].force);
	cr_assert_eq(a->streams_count, 1);
	cr_assert_str_eq(a->streams[0].framing, "newline");
	cr_assert_eq(a->streams[0].queue_idle_timeout_ms, 1000);
	cr_assert_not(fb_stream_is_kept(&a->streams[0]));
	cr_assert_eq(a->streams[0].retention_compression, FB_RAW_COMPRESSION_LZ4);
	cr_assert_eq(a->streams[0].retention_when_slow, FB_RAW_DROP_NEWEST);
	cr_assert_eq(a->streams[0].retention_when_full, FB_RAW_DELETE_OLDEST);
	cr_assert_eq(a->store.raw_flush_ms, 100);
	cr_assert_eq(a->memory.rawlog_mb, 64);
	cr_assert_eq(a->kafka.properties_count, 0);
	cr_assert_null(a->hdfs.webhdfs);
	fb_appliance_destroy(a);
}

Test(appliance, layout_of_binary_records)
{
	struct fb_appliance *a = parse_good(MINIMAL
		"streams:\n"
		"- table: t\n"
		"  port: p0\n"
		"  udp_port: 5001\n"
		"  layout:\n"
		"    record_bytes: 64\n"
		"    byte_order: big\n"
		"    header:\n"
		"      bytes: 16\n"
		"      magic: {offset: 0, type: uint32, value: 1178751537}\n"
		"      sequence: {offset: 4, type: uint64, byte_order: little, counts: records}\n"
		"      count: {offset: 12, type: uint16}\n"
		"    fields:\n"
		"    - {name: id, type: int64, offset: 0}\n"
		"    - {name: city, type: text, offset: 8, bytes: 16}\n"
		"    - {name: value, type: float32, offset: 60, byte_order: little}\n"
		"- {table: u, port: p0, udp_port: 1}\n");
	const struct fb_layout *layout = a->streams[0].layout;

	cr_assert_not_null(layout);
	cr_assert_null(a->streams[1].layout);
	cr_assert_eq(layout->record_bytes, 64);
	cr_assert_eq(layout->line, 9);
	cr_assert_eq(layout->header_bytes, 16);
	cr_assert(layout->has_magic && layout->has_sequence && layout->has_count);
	cr_assert_eq(layout->magic_value, 1178751537);
	cr_assert(layout->magic.big_endian && !layout->sequence.big_endian);
	cr_assert_eq(layout->sequence.bytes, 8);
	cr_assert(layout->sequence_counts_records);
	cr_assert_eq(layout->count.offset, 12);
	cr_assert_eq(layout->field_cnt, 3);
	cr_assert_str_eq(layout->fields[0].name, "id");
	cr_assert_eq(layout->fields[0].type, FB_LAYOUT_INT64);
	cr_assert(layout->fields[0].big_endian);
	cr_assert_eq(layout->fields[1].bytes, 16);
	cr_assert_eq(layout->fields[1].line, 18);
	cr_assert_eq(layout->fields[2].offset, 60);
	cr_assert_not(layout->fields[2].big_endian);
	fb_appliance_destroy(a);
}

Test(appliance, everything_that_can_be_set)
{
	struct fb_appliance *a = parse_good(
		"name: box\nkernels: scalar\n"
		"store: {path: /s, results_retention_s: 60}\n"
		"http: {socket: /x.sock, listen: \"\"}\n"
		"cores: {main: 3, workers: [4, 5], idle_sleep_us: 0}\n"
		"memory: {packet_mb: 8, state_mb: 1, output_mb: 2, hugepages: true}\n"
		"ports:\n"
		"- {name: a, device: 'net_null0', addresses: [10.0.0.1/24, 10.1.0.1/32],\n"
		"   mac: \"02:00:00:aa:BB:02\", queues: 2, mtu: 9000, rx_descriptors: 32,\n"
		"   checksum: count, promiscuous: true, force: true}\n"
		"- {name: b, device: net_null1}\n"
		"streams:\n"
		"- {table: t, port: b, udp_port: 65535, framing: datagram, queue_idle_timeout_ms: "
		"0}\n"
		"- {table: t, port: a, udp_port: 65535}\n"
		"kafka: {properties: {bootstrap.servers: 'h:9092', linger.ms: 5}}\n"
		"hdfs: {webhdfs: http://n:9870, user: me}\n");

	cr_assert_str_eq(a->name, "box");
	cr_assert_str_eq(a->kernels, "scalar");
	cr_assert_str_eq(a->store.path, "/s");
	cr_assert_eq(a->store.results_retention_s, 60);
	cr_assert_str_eq(a->http.listen, "");
	cr_assert_eq(a->cores.main, 3);
	cr_assert_eq(a->cores.workers_count, 2);
	cr_assert_eq(a->cores.workers[1], 5);
	cr_assert_eq(a->cores.idle_sleep_us, 0);
	cr_assert(a->memory.hugepages);
	cr_assert_eq(a->memory.output_mb, 2);
	cr_assert_eq(a->ports_count, 2);
	cr_assert_eq(a->ports[0].addresses_count, 2);
	cr_assert_str_eq(a->ports[0].addresses[1], "10.1.0.1/32");
	cr_assert_str_eq(a->ports[0].mac, "02:00:00:aa:BB:02");
	cr_assert_eq(a->ports[0].queues, 2);
	cr_assert_eq(a->ports[0].checksum, FB_CHECKSUM_COUNT);
	cr_assert(a->ports[0].promiscuous);
	cr_assert(a->ports[0].force);
	cr_assert_eq(a->ports[1].mtu, 1500, "the second entry has defaults of its own");
	cr_assert_eq(a->ports[1].checksum, FB_CHECKSUM_DROP);
	cr_assert_eq(a->streams_count, 2);
	cr_assert_str_eq(a->streams[0].framing, "datagram");
	cr_assert_eq(a->streams[0].queue_idle_timeout_ms, 0);
	cr_assert_eq(a->streams[0].udp_port, 65535);
	cr_assert_eq(a->kafka.properties_count, 2);
	cr_assert_str_eq(a->kafka.properties[1].key, "linger.ms");
	cr_assert_str_eq(a->kafka.properties[1].value, "5");
	cr_assert_str_eq(a->hdfs.user, "me");
	fb_appliance_destroy(a);
}

/* Where an error has to stand, and a piece of what it has to say. */
struct wrong {
	char text[360];
	uint32_t line, column;
	char message[80];
	char hint[48]; /* "" = none asked for */
};

static struct wrong wrongs[] = {
	/* keys */
	{"nmae: x\n" MINIMAL, 1, 1, "unknown key 'nmae'", "did you mean name"},
	{MINIMAL "    devize: x\n", 4, 5, "unknown key 'devize' in ports[0]",
		"did you mean device"},
	{MINIMAL "    zzzzzzz: x\n", 4, 5, "unknown key 'zzzzzzz'", "known here: name, device"},
	{MINIMAL "name: a\nname: b\n", 5, 1, "key 'name' stands there twice", ""},
	{"ports:\n  - name: p0\n", 2, 5, "ports[0] has no device", ""},
	{MINIMAL "[a]: b\n", 4, 1, "a key has to be a word", ""},
	/* shape */
	{"", 1, 0, "the file is empty", ""},
	{"# nothing\n", 1, 0, "the file is empty", ""},
	{"x\n", 1, 1, "the file has to be a mapping", ""},
	{"{}\n", 1, 1, "there is no port", ""},
	{"ports: []\n", 1, 1, "there is no port", ""},
	{"ports: {name: p0}\n", 1, 8, "ports has to be a list, not a mapping", ""},
	{MINIMAL "store: x\n", 4, 8, "store has to be a mapping, not a value", ""},
	{MINIMAL "store:\n  path: [x]\n", 5, 9, "store.path has to be text, not a list", ""},
	{MINIMAL "store:\n  path:\n", 5, 8, "store.path has no value", "leave the line out"},
	{MINIMAL "store: {path: \"a\\nb\"}\n", 4, 15, "line break or control character", ""},
	{MINIMAL "store: {path: \"a\\0b\"}\n", 4, 15, "line break or control character", ""},
	{MINIMAL "cores: {workers: 1}\n", 4, 18, "cores.workers has to be a list", ""},
	{MINIMAL "cores: {workers: []}\n", 4, 18, "1 to 64 entries", ""},
	/* numbers: each of these is one that libcyaml 1.3.1 would take */
	{MINIMAL "memory: {packet_mb: 1x}\n", 4, 21, "not '1x'", "digits only"},
	{MINIMAL "memory: {packet_mb: 0x10}\n", 4, 21, "not '0x10'", ""},
	{MINIMAL "memory: {packet_mb: 010}\n", 4, 21, "not '010'", "leading zeros"},
	{MINIMAL "memory: {packet_mb: \"64\"}\n", 4, 21, "not '64'", "without quotes"},
	{MINIMAL "memory: {packet_mb: -1}\n", 4, 21, "not '-1'", ""},
	{MINIMAL "memory: {packet_mb: 7}\n", 4, 21, "from 8 to 65536 MB, not 7", ""},
	{MINIMAL "memory: {packet_mb: 65537}\n", 4, 21, "not 65537", ""},
	{MINIMAL "memory: {packet_mb: 99999999999999999999999}\n", 4, 21,
		"not 99999999999999999999999", ""},
	{MINIMAL "memory: {hugepages: maybe}\n", 4, 21, "true or false, not 'maybe'", ""},
	{MINIMAL "memory: {hugepages: yes}\n", 4, 21, "true or false", ""},
	{MINIMAL "kernels: avx\n", 4, 10, "auto, avx512, avx2 or scalar, not 'avx'",
		"did you mean avx2"},
	{MINIMAL "    checksum: dropp\n", 4, 15, "drop or count, not 'dropp'", "did you mean drop"},
	/* meaning */
	{MINIMAL "    queues: 2\n", 4, 13, "queues is 2, but there is only 1 worker",
		"fewer queues"},
	{MINIMAL "    mac: 01:00:00:00:00:00\n", 4, 10, "no MAC address of a host", ""},
	{MINIMAL "    mac: 02-00-00-00-00-00\n", 4, 10, "no MAC address of a host", ""},
	{MINIMAL "    addresses: [10.0.0.1]\n", 4, 17, "'10.0.0.1' is no IPv4 address with prefix",
		"as in"},
	{MINIMAL "    addresses: [10.0.0.1/24, 10.0.0.1/16]\n", 4, 30, "names '10.0.0.1/16' twice",
		""},
	{MINIMAL "  - {name: p0, device: y}\n", 4, 12, "'p0' is that of ports[0] too", ""},
	{MINIMAL "  - {name: p1, device: net_null0}\n", 4, 24,
		"'net_null0' is that of ports[0] too", ""},
	{MINIMAL "  - {name: a b, device: y}\n", 4, 12, "'a b' is no name", ""},
	{MINIMAL "streams: [{table: t, port: pO, udp_port: 1}]\n", 4, 28,
		"'pO' is no name of a port", "did you mean p0"},
	{MINIMAL "streams: [{table: t, port: p0, udp_port: 0}]\n", 4, 42, "from 1 to 65535, not 0",
		""},
	{MINIMAL "streams:\n- {table: t, port: p0, udp_port: 1}\n- {table: u, port: p0, udp_port: "
		 "1}\n",
		6, 34, "UDP port 1 of p0 is taken by streams[0]", ""},
	{MINIMAL "streams:\n- {table: t, port: p0, udp_port: 1, retention_mb: 1}\n"
		 "- {table: t, port: p0, udp_port: 2, retention_age_s: 1}\n",
		6, 11, "'t' is kept as that of streams[0] already", "one of them"},
	{MINIMAL "streams: [{table: t, port: p0, udp_port: 1, retention_compression: lz5}]\n", 4, 68,
		"none, lz4 or zstd, not 'lz5'", "did you mean lz4?"},
	{MINIMAL "streams: [{table: t, port: p0, udp_port: 1, framing: line}]\n", 4, 54,
		"newline or datagram", ""},
	{MINIMAL "http: {listen: \"9471\"}\n", 4, 16, "is no address and port", "127.0.0.1:9471"},
	{MINIMAL "http: {listen: \"127.0.0.1:0\"}\n", 4, 16, "is no address and port", ""},
	{MINIMAL "http: {listen: \"0.0.0.0:9471\"}\n", 4, 16, "needs TLS", "proxy"},
	{MINIMAL "http: {socket: x.sock}\n", 4, 16, "a path from the root", ""},
	{MINIMAL "cores: {workers: [1, 2, 1]}\n", 4, 25, "names core 1 twice", ""},
	{MINIMAL "hdfs: {webhdfs: namenode}\n", 4, 17, "is no URL", ""},
	{MINIMAL "kafka: {properties: {a: 1, a: 2}}\n", 4, 28, "key 'a' stands there twice", ""},
	/* layout */
	{STREAM "x}]\n", 4, 58, "streams[0].layout has to be a mapping", "record_bytes"},
	{STREAM "{}}]\n", 4, 58, "streams[0].layout has no record_bytes", ""},
	{STREAM "{record_byte: 8}}]\n", 4, 59, "streams[0].layout: unknown key 'record_byte'",
		"did you mean record_bytes"},
	{STREAM "{record_bytes: 8, fields: []}}]\n", 4, 84, ".fields is empty", ""},
	{STREAM "{record_bytes: 8, fields: x}}]\n", 4, 84, ".fields has to be a list", "as in"},
	{STREAM "{record_bytes: 0, fields: [x]}}]\n", 4, 73, "from 1 to 9000, not '0'", ""},
	{STREAM "{record_bytes: 8, fields: [x]}}]\n", 4, 85,
		"streams[0].layout.fields[0] has to be a mapping", "name, type"},
	{STREAM "{record_bytes: 8, fields: [{type: int8, offset: 0}]}}]\n", 4, 85,
		"fields[0] has no name", ""},
	{STREAM "{record_bytes: 8, fields: [{name: a, type: int9, offset: 0}]}}]\n", 4, 101,
		"fields[0].type cannot be 'int9'", "int8, int16"},
	{STREAM "{record_bytes: 8, fields: [{name: a, type: int64, offset: 1}]}}]\n", 4, 116,
		"8 bytes from 1 on are more than the 8 there are", ""},
	{STREAM "{record_bytes: 8, fields: [{name: a, type: text, offset: 1}]}}]\n", 4, 85,
		"fields[0] has no bytes", ""},
	{STREAM "{record_bytes: 8, fields: [{name: a, type: int8, offset: 1, bytes: 2}]}}]\n", 4,
		125, "a value of int8 has 1", "only text"},
	{STREAM "{record_bytes: 8, fields: [{name: a, type: int8, offset: 1, byte_order: be}]}}]\n",
		4, 130, "byte_order cannot be 'be'", "little, big"},
	{STREAM "{record_bytes: 8, fields: [{name: a, type: int8, offset: 0},\n"
		"  {name: a, type: int8, offset: 1}]}}]\n",
		5, 10, "fields[1].name: 'a' is there already, in line 4", ""},
	{STREAM "{record_bytes: 8, header: {}, fields: []}}]\n", 4, 84,
		"streams[0].layout.header has no bytes", ""},
	{STREAM "{record_bytes: 8, header: {bytes: 4, magic: {offset: 2, type: uint32, value: 1}},\n"
		"  fields: []}}]\n",
		4, 111, "4 bytes from 2 on are more than the 4 there are", ""},
	{STREAM "{record_bytes: 8, header: {bytes: 4, magic: {offset: 0, type: uint8, value: 256}},\n"
		"  fields: []}}]\n",
		4, 134, "from 0 to 255, not '256'", ""},
	{STREAM "{record_bytes: 8, header: {bytes: 4, count: {offset: 0, type: int16}},\n"
		"  fields: []}}]\n",
		4, 102, "header.count.type cannot be int16", "uint8, uint16"},
	{STREAM "{record_bytes: 8, header: {bytes: 4, sequence: {offset: 0, type: uint16,\n"
		"  counts: bytes}}, fields: []}}]\n",
		5, 11, "sequence.counts cannot be 'bytes'", "datagrams, records"},
	{MINIMAL "streams: [{table: t, port: p0, udp_port: 1, framing: newline,\n"
		 "  layout: {record_bytes: 1, fields: [{name: a, type: int8, offset: 0}]}}]\n",
		4, 54, "streams[0] has both framing and layout", "leave framing out"},
	/* YAML that is not taken */
	{"ports: [\n", 2, 1, "no YAML", ""},
	{"ports:\n\t- a\n", 2, 1, "no YAML", ""},
	{"x: &a [*a]\n", 1, 4, "aliases", ""},
	{"name: &n x\nkernels: *n\n", 1, 1, "aliases", ""},
	{"name: !!int 5\n", 1, 7, "tags", "leave the tag out"},
	{MINIMAL "---\nname: x\n", 5, 1, "a second document", ""},
	/* columns count bytes */
	{MINIMAL "store: {\"p\xc3\xa9\": x, path: []}\n", 4, 25, "store.path has to be text", ""},
};

ParameterizedTestParameters(appliance, wrong)
{
	return cr_make_param_array(struct wrong, wrongs, FB_ARRAY_LEN(wrongs));
}

ParameterizedTest(struct wrong *wrong, appliance, wrong)
{
	struct fb_appliance *appliance = NULL;
	struct fb_diags diags;
	bool found = false;

	cr_assert_eq(
		parse(wrong->text, &diags, &appliance), FB_E_CONFIG, "taken:\n%s", wrong->text);
	cr_assert_null(appliance);
	for (size_t i = 0; i < diags.cnt; i++) {
		const struct fb_diag *diag = &diags.items[i];

		found |=
			diag->place.line == wrong->line && diag->place.column == wrong->column &&
			strstr(diag->message, wrong->message) &&
			(wrong->hint[0] == '\0' || (diag->hint && strstr(diag->hint, wrong->hint)));
	}
	if (!found)
		fb_diags_print(&diags, wrong->text, stderr);
	cr_assert(found, "no \"%s\" at %u:%u in\n%s", wrong->message, wrong->line, wrong->column,
		wrong->text);
	fb_diags_fini(&diags);
}

Test(appliance, all_errors_of_a_file_are_told)
{
	struct fb_appliance *appliance = NULL;
	struct fb_diags diags;

	cr_assert_eq(parse("nmae: 1\nkernels: x\nports: 3\n", &diags, &appliance), FB_E_CONFIG);
	cr_assert_eq(diags.error_cnt, 3);
	fb_diags_fini(&diags);
}

Test(appliance, a_core_for_two_is_only_a_warning)
{
	struct fb_appliance *appliance = NULL;
	struct fb_diags diags;

	cr_assert_eq(parse(MINIMAL "cores: {main: 0, workers: [0, 1]}\n", &diags, &appliance), 0);
	cr_assert_eq(diags.error_cnt, 0);
	cr_assert_eq(diags.cnt, 1);
	cr_assert_eq(diags.items[0].severity, FB_WARNING);
	cr_assert_eq(diags.items[0].place.column, 28);
	fb_diags_fini(&diags);
	fb_appliance_destroy(appliance);
}

Test(appliance, byte_order_mark_and_windows_lines)
{
	struct fb_appliance *a =
		parse_good("\xef\xbb\xbfports:\r\n  - name: p0\r\n    device: d\r\n");

	cr_assert_str_eq(a->ports[0].device, "d");
	fb_appliance_destroy(a);
}

/* libyaml 0.2.5 takes time in the square of these: refused before it sees them. */
Test(appliance, hostile_texts_end_soon, .timeout = 10)
{
	static const char *const units[] = {
		"[", "{a: ", "- ", "? ", "a: &a b\n", "!", "\t", "x: y\n", "'", "*a "};
	size_t len = 900000;
	char *text = malloc(len + 1);

	for (size_t u = 0; u < FB_ARRAY_LEN(units); u++) {
		struct fb_appliance *appliance = NULL;
		struct fb_diags diags;

		for (size_t i = 0; i < len; i++)
			text[i] = units[u][i % strlen(units[u])];
		text[len] = '\0';
		cr_expect_eq(parse(text, &diags, &appliance), FB_E_CONFIG, "unit %s", units[u]);
		cr_expect_gt(diags.error_cnt, 0);
		cr_expect_leq(diags.error_cnt, 30);
		fb_diags_fini(&diags);
	}
	free(text);
}

Test(appliance, too_long_a_file)
{
	size_t len = (1u << 20) + 1;
	char *text = malloc(len);
	struct fb_appliance *appliance = NULL;
	struct fb_diags diags;

	memset(text, '#', len);
	fb_diags_init(&diags, "t");
	cr_assert_eq(
		fb_appliance_parse("t", (struct fb_str){text, (uint32_t)len}, &diags, &appliance),
		FB_E_CONFIG);
	cr_assert_not_null(strstr(diags.items[0].message, "1 MiB"));
	fb_diags_fini(&diags);
	free(text);
}

Test(appliance, files_that_cannot_be_read)
{
	struct fb_appliance *appliance = NULL;
	struct fb_diags diags;

	fb_diags_init(&diags, "x");
	cr_assert_eq(fb_appliance_load("/nonexistent/x.yaml", &diags, &appliance), FB_E_IO);
	cr_assert_eq(diags.error_cnt, 1);
	cr_assert_eq(fb_appliance_load("/", &diags, &appliance), FB_E_IO);
	cr_assert_eq(diags.error_cnt, 2);
	fb_diags_fini(&diags);
}

static char *printed(void (*print)(FILE *))
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	print(out);
	fclose(out);
	return text;
}

/* The sample is a valid file and says of itself what the defaults are. */
Test(appliance, sample_is_valid)
{
	char *text = printed(fb_appliance_print_sample);
	struct fb_appliance *a = parse_good(text);

	cr_assert_str_eq(a->name, "forebay");
	cr_assert_eq(a->memory.state_mb, 256);
	cr_assert_eq(a->streams[0].queue_idle_timeout_ms, 1000);
	fb_appliance_destroy(a);
	free(text);
}

Test(appliance, every_setting_is_in_sample_help_and_manual)
{
	char *texts[] = {printed(fb_appliance_print_sample), printed(fb_appliance_print_help),
		printed(fb_appliance_print_manual)};

	cr_assert_gt(fb_setting_cnt, 25);
	for (uint32_t i = 0; i < fb_setting_cnt; i++) {
		char path[FB_SETTING_PATH_BYTES];

		fb_setting_path(&fb_settings[i], path);
		cr_expect_not_null(strstr(texts[0], fb_settings[i].key), "%s", path);
		cr_expect_not_null(strstr(texts[1], path), "%s", path);
		cr_expect_not_null(strstr(texts[2], fb_settings[i].key), "%s", path);
	}
	for (uint32_t i = 0; i < FB_ARRAY_LEN(texts); i++)
		free(texts[i]);
}

Test(address, ipv4_with_prefix)
{
	static const char *const bad[] = {"", "/", "10.0.0.1", "10.0.0.1/", "10.0.0.1/0",
		"10.0.0.1/33", "10.0.0.1/ 8", "10.0.0.1/08", "10.0.0/8", "10.0.0.256/8",
		"127.0.0.1/8", "224.0.0.1/4", "255.255.255.255/32", "0.0.0.0/8", "10.0.0.0/24",
		"10.0.0.255/24", "::1/64", "10.0.0.1/24 ", "010.000.000.0001/24"};
	uint32_t ip;
	uint8_t prefix_len;

	cr_assert_eq(fb_address_parse("10.9.0.1/24", &ip, &prefix_len), 0);
	cr_assert_eq(ip, 0x0a090001);
	cr_assert_eq(prefix_len, 24);
	cr_assert_eq(fb_address_parse("10.9.0.0/31", &ip, &prefix_len), 0, "RFC 3021");
	cr_assert_eq(fb_address_parse("10.9.0.255/32", &ip, &prefix_len), 0);
	for (size_t i = 0; i < FB_ARRAY_LEN(bad); i++)
		cr_expect_eq(
			fb_address_parse(bad[i], &ip, &prefix_len), FB_E_INVALID, "%s", bad[i]);
}

Test(address, listen)
{
	static const char *const bad[] = {"", ":1", "1.2.3.4", "1.2.3.4:", "1.2.3.4:65536",
		"1.2.3.4:x", "[::1:1", "[::1]", "host:1", "::1:9", "[1.2.3.4]:5", "[]:1"};
	char host[64];
	uint16_t port;
	bool loopback;

	cr_assert_eq(fb_listen_parse("127.0.0.1:9471", host, &port, &loopback), 0);
	cr_assert_str_eq(host, "127.0.0.1");
	cr_assert_eq(port, 9471);
	cr_assert(loopback);
	cr_assert_eq(fb_listen_parse("[::1]:80", host, &port, &loopback), 0);
	cr_assert_str_eq(host, "::1");
	cr_assert(loopback);
	cr_assert_eq(fb_listen_parse("10.0.0.1:1", host, &port, &loopback), 0);
	cr_assert_not(loopback);
	for (size_t i = 0; i < FB_ARRAY_LEN(bad); i++)
		cr_expect_eq(fb_listen_parse(bad[i], host, &port, &loopback), FB_E_INVALID, "%s",
			bad[i]);
}
