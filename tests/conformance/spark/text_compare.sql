-- include: texts
SELECT id, a < b, a >= b, a = b, a > 'z' FROM texts;
