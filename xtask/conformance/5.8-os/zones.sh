# os.date and os.time under time zones that TZ names or describes.
--- case: zones by name
cat > zone.lua <<'END'
for _, at in ipairs { 0, 1e9, 1.1e9, 1.2e9, 1.7e9, 1.72e9, -1e9 } do
  print(at, os.date("%c %z %Z", at), os.date("*t", at).isdst)
end
for month = 1, 12 do
  local time = { year = 2020, month = month, day = 8, hour = 2, min = 30 }
  local plain = os.time(time)
  time.isdst = true
  local summer = os.time(time)
  time.isdst = false
  print(month, plain, summer, os.time(time))
end
print(os.time { year = 1950, month = 7, day = 1 }, os.time { year = 1910, month = 1, day = 1 })
END
for zone in UTC America/New_York EST5EDT Europe/Berlin :Australia/Sydney; do echo "$zone"; TZ=$zone lua zone.lua; done
--- case: zones with rules
cat > zone.lua <<'END'
for _, at in ipairs { 0, 1e9, 1.1e9, 1.7e9, 1.72e9, -1e9, 4e9 } do
  print(at, os.date("%c %z %Z", at), os.date("*t", at).isdst)
end
for month = 1, 12 do
  local time = { year = 2020, month = month, day = 29, hour = 2, min = 30 }
  local plain = os.time(time)
  time.isdst = true
  local summer = os.time(time)
  time.isdst = false
  print(month, plain, summer, os.time(time))
end
print(os.time { year = 1950, month = 7, day = 1 }, os.time { year = 1910, month = 1, day = 1 })
END
for zone in 'CET-1CEST,M3.5.0,M10.5.0/3' 'NZST-12NZDT,M9.5.0,M4.1.0/3' 'AAA3BBB,J60,J300' 'AAA3BBB,60/2,300/3' 'EST5EDT4,M3.2.0,M11.1.0' '<+03>-3' '<UTC+3>-3<X>' XXX25 AAA-24:59:59; do
  echo "$zone"; TZ=$zone lua zone.lua
done
--- case: zones without rules
cat > zone.lua <<'END'
for _, at in ipairs { 0, 1e9, 1.1e9, 1.2e9, 1.7e9, 1.72e9 } do
  print(at, os.date("%c %z %Z", at), os.date("*t", at).isdst)
end
END
for zone in AAA3BBB AAA-3:30BBB AAA3BBB1 NZST-12NZDT 'CET-1CEST,' Foo Foo/Bar; do echo "$zone"; TZ=$zone lua zone.lua; done
