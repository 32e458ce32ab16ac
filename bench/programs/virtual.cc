// Virtual calls through several classes, vectors and strings of the standard library.
#include <cstdio>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

struct Shape {
	virtual ~Shape() = default;
	virtual long area() const = 0;
	virtual void grow(int by) = 0;
};
struct Square : Shape {
	long side;
	explicit Square(long side) : side(side) {}
	long area() const override { return side * side; }
	void grow(int by) override { side = (side + by) & 1023; }
};
struct Rectangle : Square {
	long other;
	Rectangle(long side, long other) : Square(side), other(other) {}
	long area() const override { return side * other; }
};
struct Triangle : Shape {
	long base, height;
	Triangle(long base, long height) : base(base), height(height) {}
	long area() const override { return base * height / 2; }
	void grow(int by) override { height = (height + by) & 511; }
};

int main()
{
	std::vector<std::unique_ptr<Shape>> shapes;
	for (int i = 0; i < 1000; i++) {
		switch (i * 7 % 3) {
		case 0:
			shapes.push_back(std::make_unique<Square>(i));
			break;
		case 1:
			shapes.push_back(std::make_unique<Rectangle>(i, i + 1));
			break;
		default:
			shapes.push_back(std::make_unique<Triangle>(i, 2 * i));
		}
	}
	unsigned long sum = 0;
	for (int round = 0; round < 39000; round++)
		for (auto &shape : shapes) {
			sum = sum * 31 + shape->area();
			shape->grow(round & 7);
		}
	std::unordered_map<std::string, long> words;
	for (int i = 0; i < 400000; i++)
		words["word " + std::to_string(i * 2654435761u % 5000)] += i;
	for (auto &[word, count] : words)
		sum ^= word.size() * count;
	std::printf("%lu\n", sum);
}
