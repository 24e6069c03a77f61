# Turns state/schema/NNNN_title.sql into a C table, in the order of the numbers.
# cmake -DFROM=<folder> -DTO=<file.c> -P embed_sql.cmake
file(GLOB files ${FROM}/*.sql)
list(SORT files)
set(rows "")
set(expected 1)
foreach(file ${files})
  get_filename_component(title ${file} NAME_WE)
  if(NOT title MATCHES "^0*([0-9]+)_")
    message(FATAL_ERROR "${file}: name it NNNN_title.sql")
  endif()
  if(NOT CMAKE_MATCH_1 EQUAL expected)
    message(FATAL_ERROR "${file}: the next number is ${expected}")
  endif()
  file(READ ${file} text)
  string(REPLACE "\\" "\\\\" text "${text}")
  string(REPLACE "\"" "\\\"" text "${text}")
  string(REPLACE "\n" "\\n\"\n\t \"" text "${text}")
  string(APPEND rows "\t{\"${title}\",\n\t \"${text}\"},\n")
  math(EXPR expected "${expected} + 1")
endforeach()
math(EXPR count "${expected} - 1")
file(WRITE ${TO}.new "/* Made from state/schema/ by cmake/embed_sql.cmake. */
#include \"state/sqlite_schema.h\"

const struct schema_step schema_steps[] = {
${rows}};
const int schema_step_count = ${count};
")
file(COPY_FILE ${TO}.new ${TO} ONLY_IF_DIFFERENT)
file(REMOVE ${TO}.new)
