// An exception that nobody catches: std::terminate, SIGABRT.
// exit: 134
#include <stdexcept>

int main()
{
	throw std::runtime_error("nobody catches this");
}
