/* What the debug-information tests look at of C++: classes, references, templates, namespaces, methods. */
namespace geometry {
struct Shape {
    int id;
    virtual int area() const = 0;
    explicit Shape(int n) : id(n) {}
};

template <class T, int N> struct Vector {
    T items[N];
    T &at(int i) { return items[i]; }
};

struct Colour { unsigned char red, green, blue; };

class Square : public Shape, public Colour {
    int side;

  public:
    static int made;
    enum class Kind : unsigned char { plain, fancy = 9 } kind;
    explicit Square(int n) : Shape(n + 1), Colour{1, 2, 3}, side(n), kind(Kind::fancy) { made++; }
    int area() const override { return side * side; }
    int grow(int by);
};

int Square::made;
int Square::grow(int by) {
    side += by;
    int before = side - by;
    return before + id;
}
}

extern "C" void __cxa_pure_virtual() {
    for (;;)
        ;
}

volatile int sink;
static const bool enabled = true;
namespace { long hidden = 77; }

__attribute__((noinline)) static int sum(const geometry::Shape &shape, geometry::Vector<short, 3> &vector, int &&spare) {
    int total = shape.area();
    for (int i = 0; i < 3; i++)
        total += vector.at(i);
    sink = total + spare;
    return total;
}

extern "C" __attribute__((noinline)) void done() { sink = sink + 1; }

extern "C" void start_c() {
    geometry::Square square(7);
    geometry::Vector<short, 3> vector{{1, -2, 3}};
    geometry::Square &alias = square;
    auto add = [&](int n) { return n + square.grow(2) + vector.at(1); };
    sink = sum(square, vector, 9) + add(4) + (enabled ? hidden : 0);
    sink = alias.grow(1);
    for (;;)
        done();
}
