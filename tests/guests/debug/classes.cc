// Methods, overloads, exceptions and the standard library.
// variants: static dynamic
// flags: -O0
#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

class Counter {
public:
	explicit Counter(int start) : value(start) {}
	int bump(int by)
	{
		value += by;
		if (value > 10)
			throw std::runtime_error("too much");
		return value;
	}
	int bump(const std::string &text) { return bump(static_cast<int>(text.size())); }

private:
	int value;
};

int main()
{
	std::vector<std::string> words = {"one", "three", "seventeen"};
	Counter counter(1);
	try {
		for (const std::string &word : words)
			std::printf("%d\n", counter.bump(word));
	} catch (const std::exception &error) {
		std::printf("caught %s\n", error.what());
	}
	return 0;
}
