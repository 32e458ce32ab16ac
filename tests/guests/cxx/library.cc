// The C++ library: containers, algorithms, streams, strings, regex, chrono, filesystem, locale-free formatting.
// variants: static dynamic
#include <algorithm>
#include <bitset>
#include <chrono>
#include <complex>
#include <deque>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iomanip>
#include <iostream>
#include <list>
#include <map>
#include <numeric>
#include <optional>
#include <queue>
#include <random>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

int main()
{
	std::vector<int> numbers(1000);
	std::iota(numbers.begin(), numbers.end(), 0);
	std::mt19937 generator(42);
	std::shuffle(numbers.begin(), numbers.end(), generator);
	std::cout << "shuffled " << numbers[0] << " " << numbers[1] << " " << numbers[999] << "\n";
	std::sort(numbers.begin(), numbers.end());
	std::cout << "sorted " << std::is_sorted(numbers.begin(), numbers.end()) << "\n";
	std::map<std::string, int> words;
	std::istringstream text("the quick brown fox jumps over the lazy dog the end");
	for (std::string word; text >> word;)
		words[word]++;
	for (auto &[word, count] : words)
		std::cout << word << "=" << count << " ";
	std::cout << "\n";
	std::unordered_map<int, std::string> table;
	for (int i = 0; i < 10000; i++)
		table[i * 7919] = std::to_string(i);
	std::cout << "hash " << table.size() << " " << table[7919 * 777] << "\n";
	std::cout << std::hex << std::setw(8) << std::setfill('0') << 0xbeef << std::dec << " " << std::setprecision(10) << 3.14159265358979
		  << " " << std::fixed << 2.5 << " " << std::scientific << 12345.678 << std::defaultfloat << "\n";
	std::smatch match;
	std::string date = "today is 2024-02-29, a Thursday";
	if (std::regex_search(date, match, std::regex("([0-9]{4})-([0-9]{2})-([0-9]{2})")))
		std::cout << "regex " << match[1] << "/" << match[2] << "/" << match[3] << "\n";
	std::filesystem::create_directories("a/b/c");
	std::ofstream("a/b/file") << "content";
	int entries = 0;
	for (auto &entry : std::filesystem::recursive_directory_iterator("a"))
		entries += entry.exists();
	std::cout << "filesystem " << entries << " " << std::filesystem::file_size("a/b/file") << "\n";
	std::filesystem::remove_all("a");
	std::cout << "removed " << !std::filesystem::exists("a") << "\n";
	std::variant<int, std::string> either = "text";
	std::cout << "variant " << either.index() << " " << std::get<std::string>(either) << "\n";
	std::priority_queue<int> queue;
	for (int n : { 3, 1, 4, 1, 5, 9, 2, 6 })
		queue.push(n);
	std::cout << "queue " << queue.top() << " bits " << std::bitset<8>(0xa5) << "\n";
	std::complex<double> z = std::polar(1.0, 1.0);
	std::cout << "complex " << std::setprecision(6) << z << "\n";
	auto start = std::chrono::steady_clock::now();
	while (std::chrono::steady_clock::now() - start < std::chrono::milliseconds(5))
		;
	std::function<int(int)> fibonacci = [&](int n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); };
	std::cout << "fibonacci " << fibonacci(20) << "\n";
	std::uniform_real_distribution<double> uniform;
	std::normal_distribution<double> normal;
	std::cout << "random " << uniform(generator) << " " << normal(generator) << "\n";
	return 0;
}
