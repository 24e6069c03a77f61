/*
 * Runs a fuzz target over files, so that a corpus is an ordinary test where
 * there is no libFuzzer: `fuzz_json tests/fuzz/json` or `fuzz_json crash-1`.
 * Fails if a folder is missing or empty: a corpus that went astray would pass.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "tests/fuzz/fuzz.h"

#define INPUT_MAX (4L * 1024 * 1024)

static int
complain(const char *what, const char *path)
{
	fprintf(stderr, "%s %s: %s\n", what, path, strerror(errno));
	return -1;
}

/* 1, or -1 if it cannot be read. The input is copied to memory of exactly its
 * size, so that the sanitizer sees a read past its end. */
static int
replay_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	char *whole;
	void *exact;
	size_t size;

	if (file == NULL)
		return complain("cannot open", path);
	whole = mem_alloc(INPUT_MAX + 1);
	size = fread(whole, 1, INPUT_MAX + 1, file);
	if (ferror(file) || size > INPUT_MAX) {
		fprintf(stderr, "cannot read %s: error, or over %ld bytes\n",
		    path, INPUT_MAX);
		fclose(file);
		free(whole);
		return -1;
	}
	fclose(file);
	exact = mem_dup(whole, size);
	free(whole);
	/* unbuffered stderr: the last name is the culprit if it aborts */
	fprintf(stderr, "%s (%zu bytes)\n", path, size);
	LLVMFuzzerTestOneInput(exact, size);
	free(exact);
	return 1;
}

/* How many files of the folder ran, or -1. Hidden files are no inputs. */
static int
replay_folder(const char *path)
{
	struct dirent *entry;
	DIR *folder = opendir(path);
	int count = 0;

	if (folder == NULL)
		return complain("cannot open", path);
	while (count >= 0 && (entry = readdir(folder)) != NULL) {
		char *file;

		if (entry->d_name[0] == '.')
			continue;
		file = mem_printf("%s/%s", path, entry->d_name);
		count = replay_file(file) < 0 ? -1 : count + 1;
		free(file);
	}
	closedir(folder);
	if (count == 0) {
		fprintf(stderr, "%s holds no inputs\n", path);
		return -1;
	}
	return count;
}

int
main(int argc, char **argv)
{
	int total = 0;

	for (int i = 1; i < argc; i++) {
		struct stat st;
		int count;

		if (stat(argv[i], &st) < 0)
			count = complain("cannot find", argv[i]);
		else if (S_ISDIR(st.st_mode))
			count = replay_folder(argv[i]);
		else
			count = replay_file(argv[i]);
		if (count < 0)
			return 1;
		total += count;
	}
	if (total == 0) {
		fprintf(stderr, "usage: %s folder-or-file ...\n", argv[0]);
		return 1;
	}
	printf("%d inputs ran\n", total);
	return 0;
}
