import numpy as np

from libqa.index import dense

NONE = np.zeros(0, np.int64)


def test_search_gives_our_ids_and_leaves_out_the_dead():
    ids = np.array([5, 9, 2**62], np.int64)
    index = dense.pack(ids, np.eye(3, dtype=np.float32))
    query = np.array([0.1, 0.2, 0.9], np.float32)
    assert [number for number, _ in dense.search(index, query, 10, NONE)] == [2**62, 9, 5]
    assert dense.search(index, query, 1, NONE) == [(2**62, np.float32(0.9))]
    assert [number for number, _ in dense.search(index, query, 10, ids[2:])] == [9, 5]
    assert dense.search(index, query, 10, ids) == []


def test_bytes_and_joining_keep_ids_and_vectors():
    first = dense.pack(np.array([1, 2]), np.eye(4, dtype=np.float32)[:2])
    second = dense.from_bytes(dense.to_bytes(dense.pack(np.array([7, 8]), np.eye(4, dtype=np.float32)[2:])))
    joined = dense.join(
        [
            (first, np.array([1, 2]), np.array([False, True])),
            (second, np.array([7, 8]), np.array([True, True])),
        ]
    )
    np.testing.assert_array_equal(dense.unpack(joined), np.eye(4)[1:])
    assert [dense.search(joined, row, 1, NONE)[0][0] for row in np.eye(4, dtype=np.float32)[1:]] == [2, 7, 8]
