// tests/support/picket_server.cc — picket, started once, forked for each command line
//
// Under sanitizers a start takes longer than most captures: symbols, shadow memory, the tables of EVE. This is the program with
// another beginning (the linker gives its main() the name __real_main): it starts, then reads requests from standard input, and
// each one is done by a child that is what picket is when main() begins. A child ends as picket does, with its own
// search for leaks; one that crashes takes nothing with it.
//
//   request    "COUNT\n", then COUNT texts with a NUL each: folder to work in, file for standard output, file for standard error,
//              arguments from the program's name on
//   answer     exit status, or the negative number of the signal, and a line end
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "export/eve_table.h"

extern "C" int __real_main(int argc, char** argv);

namespace {

enum : std::size_t { kFolder, kOut, kErr, kArguments };  // of a request

bool read_request(std::vector<std::string>& out) {
  unsigned count = 0;
  if (std::scanf("%u", &count) != 1 || std::getchar() != '\n') return false;
  out.assign(count, {});
  for (std::string& text : out) {
    int c = 0;
    while ((c = std::getchar()) > 0) text.push_back(static_cast<char>(c));
    if (c == EOF) return false;
  }
  return count > kArguments;
}

void redirect(int fd, const char* path, int flags) {
  const int file = open(path, flags, 0600);
  if (file < 0 || dup2(file, fd) < 0) {
    std::perror(path);
    std::_Exit(125);
  }
  close(file);
}

}  // namespace

extern "C" int __wrap_main(int /*argc*/, char** /*argv*/) {
  (void)picket::event_table();  // built on first use: here once for all
  std::vector<std::string> request;
  while (read_request(request)) {
    const pid_t child = fork();
    if (child == 0) {
      redirect(STDERR_FILENO, request[kErr].c_str(), O_WRONLY | O_CREAT | O_TRUNC);
      redirect(STDOUT_FILENO, request[kOut].c_str(), O_WRONLY | O_CREAT | O_TRUNC);
      redirect(STDIN_FILENO, "/dev/null", O_RDONLY);
      if (chdir(request[kFolder].c_str()) != 0) std::_Exit(125);
      std::vector<char*> arguments;
      for (std::size_t i = kArguments; i < request.size(); ++i) arguments.push_back(request[i].data());
      arguments.push_back(nullptr);
      std::exit(__real_main(static_cast<int>(arguments.size() - 1), arguments.data()));
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child) return 1;
    std::printf("%d\n", WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
    std::fflush(stdout);
  }
  return 0;
}
