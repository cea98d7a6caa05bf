namespace ControlPlane.Kernel.Native;

/// <summary>Makes something of an element of a per-CPU map: its key, and its value on each CPU.</summary>
internal delegate TElement PerCpuElement<in TKey, TValue, out TElement>(TKey key, ReadOnlySpan<TValue> values);
