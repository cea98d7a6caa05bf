using System.Reflection;
using System.Runtime.InteropServices;
using ControlPlane.Core.Ports;
using ControlPlane.Kernel.Simulated;

namespace ControlPlane.UnitTests;

/// <summary>Dependencies point inwards, and native calls stay in their folder.</summary>
public sealed class ArchitectureTests
{
    private static readonly Assembly _core = typeof(IKernel).Assembly;
    private static readonly Assembly _kernel = typeof(SimulatedKernel).Assembly;

    [Fact]
    public void Core_ReferencesOnlyTheRuntimeAndAbstractions() =>
        Assert.All(_core.GetReferencedAssemblies(), r => Assert.True(
            r.Name!.StartsWith("System.", StringComparison.Ordinal)
            || r.Name is "Microsoft.Extensions.Logging.Abstractions" or "Microsoft.Extensions.DependencyInjection.Abstractions",
            r.Name));

    [Fact]
    public void Kernel_ReferencesCoreAndNoWebFramework() =>
        Assert.All(_kernel.GetReferencedAssemblies(), r => Assert.True(
            r.Name!.StartsWith("System.", StringComparison.Ordinal)
            || r.Name.StartsWith("Microsoft.Extensions.", StringComparison.Ordinal)
            || r.Name is "ControlPlane.Core" or "Microsoft.Win32.Primitives",
            r.Name));

    [Fact]
    public void Core_HasNoNativeCalls() => Assert.Empty(NativeMethods(_core));

    [Fact]
    public void Kernel_HasNativeCallsInItsNativeFolderOnly() =>
        Assert.All(NativeMethods(_kernel), m => Assert.Equal("ControlPlane.Kernel.Native", m.DeclaringType!.Namespace));

    private static IEnumerable<MethodInfo> NativeMethods(Assembly assembly) => assembly.GetTypes()
        .SelectMany(t => t.GetMethods(BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
        .Where(m => m.GetCustomAttribute<DllImportAttribute>() is not null || m.GetCustomAttribute<LibraryImportAttribute>() is not null);
}
