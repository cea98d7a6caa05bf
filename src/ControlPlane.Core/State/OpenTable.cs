namespace ControlPlane.Core.State;

/// <summary>
/// A change of many entries of one devmap that the kernel has not followed to the end. The table of the devmap has the desired state of all of
/// them; elements in the kernel may still be as they were before. Immutable.
/// </summary>
/// <param name="leaving">The kernel keys of elements that no entry desires any more. The kernel may still have them.</param>
internal sealed class OpenTable(IReadOnlySet<uint> leaving)
{
    /// <summary>Whether the element of this kernel key is one that the writer is about to delete.</summary>
    public bool IsLeaving(uint kernelKey) => leaving.Contains(kernelKey);
}
