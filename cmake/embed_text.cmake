# Turns the files of a folder into one C array each: page.js is PREFIX_page_js.
# cmake -DFROM=<folder> -DPREFIX=<prefix> -DTO=<file.c> -P embed_text.cmake
file(GLOB files ${FROM}/*)
list(SORT files)
set(arrays "")
foreach(file ${files})
  get_filename_component(name ${file} NAME)
  string(MAKE_C_IDENTIFIER ${PREFIX}_${name} name)
  file(READ ${file} text)
  string(REPLACE "\\" "\\\\" text "${text}")
  string(REPLACE "\"" "\\\"" text "${text}")
  string(REPLACE "\n" "\\n\"\n    \"" text "${text}")
  string(APPEND arrays "\nextern const char ${name}[];\nconst char ${name}[] =
    \"${text}\";\n")
endforeach()
file(WRITE ${TO}.new "/* Made from ${PREFIX}'s files by cmake/embed_text.cmake. */
${arrays}")
file(COPY_FILE ${TO}.new ${TO} ONLY_IF_DIFFERENT)
file(REMOVE ${TO}.new)
