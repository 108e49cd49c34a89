-- rule: 2.1 Formats
-- about: format raw: a line is one STRING column
CREATE TABLE input_lines (line STRING) WITH ('connector'='filesystem', 'path'='${data}/late.csv', 'format'='raw');
CREATE TABLE sink (k STRING, line STRING) WITH (${sink:sink});
INSERT INTO sink SELECT SPLIT_INDEX(line, ',', 0), line FROM input_lines;
