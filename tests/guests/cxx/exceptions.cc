// C++ exceptions: types, nesting, rethrow, destructors, function-try, across libraries, in threads.
// variants: static dynamic
#include <exception>
#include <future>
#include <iostream>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <typeinfo>
#include <vector>

namespace {
int alive = 0;
struct Counted {
	Counted() { alive++; }
	Counted(const Counted &) { alive++; }
	~Counted() { alive--; }
};

struct Custom : std::runtime_error {
	using std::runtime_error::runtime_error;
	Counted counted;
};

int thrower(int depth)
{
	Counted local;
	if (depth == 0)
		throw Custom("deep");
	return thrower(depth - 1) + 1;
}

struct Throwing {
	Counted member;
	Throwing() try : member() { throw 42; } catch (int n) { std::cout << "function-try " << n << "\n"; }
};
}

int main()
{
	try {
		thrower(100);
	} catch (const std::logic_error &) {
		std::cout << "wrong handler\n";
	} catch (const std::runtime_error &error) {
		std::cout << "caught " << error.what() << " as runtime_error, " << typeid(error).name() << "\n";
	}
	std::cout << "alive " << alive << "\n";
	try {
		try {
			throw std::string("inner");
		} catch (const std::string &text) {
			std::cout << "rethrow " << text << "\n";
			throw;
		}
	} catch (...) {
		try {
			std::rethrow_exception(std::current_exception());
		} catch (const std::string &text) {
			std::cout << "again " << text << "\n";
		}
	}
	try {
		Throwing t;
	} catch (int n) {
		std::cout << "constructor " << n << "\n";
	}
	try {
		std::vector<int>().at(3);
	} catch (const std::out_of_range &) {
		std::cout << "out_of_range from the library\n";
	}
	try {
		(void)dynamic_cast<Custom &>(*std::make_unique<std::runtime_error>("x"));
	} catch (const std::bad_cast &) {
		std::cout << "bad_cast\n";
	}
	try {
		std::vector<char> huge;
		huge.reserve(huge.max_size());
	} catch (const std::bad_alloc &) {
		std::cout << "bad_alloc\n";
	}
	try {
		std::throw_with_nested(std::runtime_error("outer"));
	} catch (const std::exception &error) {
		std::cout << error.what() << "\n";
	}
	auto future = std::async(std::launch::async, [] { return thrower(10); });
	try {
		future.get();
	} catch (const Custom &error) {
		std::cout << "from a thread: " << error.what() << "\n";
	}
	int caught = 0;
	for (int i = 0; i < 2000; i++) {
		try {
			if (i % 2)
				throw i;
			throw static_cast<double>(i);
		} catch (int) {
			caught++;
		} catch (double) {
			caught += 2;
		}
	}
	std::cout << "many " << caught << " uncaught " << std::uncaught_exceptions() << "\n";
	return 0;
}
