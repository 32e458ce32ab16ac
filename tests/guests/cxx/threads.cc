// C++ threads: thread, mutex, condition_variable, future, atomic, thread_local with destructors, call_once, shared_mutex.
// variants: static dynamic
#include <atomic>
#include <condition_variable>
#include <future>
#include <iostream>
#include <mutex>
#include <numeric>
#include <shared_mutex>
#include <thread>
#include <vector>

static std::atomic<int> destroyed{ 0 };
struct Local {
	int value = 5;
	~Local() { destroyed += value; }
};
static thread_local Local local;

int main()
{
	std::vector<std::thread> threads;
	std::mutex mutex;
	std::condition_variable condition;
	int turn = 0;
	std::vector<int> order;
	for (int i = 0; i < 8; i++)
		threads.emplace_back([&, i] {
			local.value = i;
			std::unique_lock lock(mutex);
			condition.wait(lock, [&] { return turn == i; });
			order.push_back(i);
			turn++;
			condition.notify_all();
		});
	for (auto &thread : threads)
		thread.join();
	for (int n : order)
		std::cout << n << " ";
	std::cout << "destroyed " << destroyed << "\n";
	std::vector<std::future<long>> futures;
	for (int i = 0; i < 4; i++)
		futures.push_back(std::async(std::launch::async, [i] {
			std::vector<long> numbers(10000);
			std::iota(numbers.begin(), numbers.end(), i);
			return std::accumulate(numbers.begin(), numbers.end(), 0L);
		}));
	long total = 0;
	for (auto &future : futures)
		total += future.get();
	std::cout << "futures " << total << "\n";
	std::once_flag once;
	std::atomic<int> count{ 0 }, readers{ 0 };
	std::shared_mutex shared;
	std::vector<std::thread> more;
	for (int i = 0; i < 4; i++)
		more.emplace_back([&] {
			std::call_once(once, [&] { count++; });
			for (int n = 0; n < 100; n++) {
				std::shared_lock lock(shared);
				readers++;
			}
		});
	for (auto &thread : more)
		thread.join();
	std::cout << "once " << count << " readers " << readers << "\n";
	std::promise<int> promise;
	std::thread setter([&] { promise.set_value(42); });
	std::cout << "promise " << promise.get_future().get() << "\n";
	setter.join();
	std::timed_mutex timed;
	timed.lock();
	std::thread([&] { std::cout << "timed " << timed.try_lock_for(std::chrono::milliseconds(10)) << "\n"; }).join();
	return 0;
}
