// Ends by an exception that nobody catches, three calls deep in a template.
#include <stdexcept>
#include <string>
#include <vector>

namespace shop {

template <typename T>
class Basket {
 public:
  __attribute__((noinline)) T take(const std::string &name) {
    if (items_.empty()) throw std::out_of_range("no " + name);
    return items_.back();
  }

 private:
  std::vector<T> items_;
};

__attribute__((noinline)) int buy(const std::string &name) {
  return Basket<int>().take(name) + 1;
}

}  // namespace shop

int main() {
  return shop::buy("apples");
}
