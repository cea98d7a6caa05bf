using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Kernel.Probing;
using ControlPlane.KernelTests.Support;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.KernelTests.Bpf;

[Collection(ProcessWide.Name)]
public sealed class DescriptorTests
{
    [Fact]
    public void AWholeLife_LeavesNoDescriptorOfBpf()
    {
        LiveOnce(); // what is made once for the process is made here
        var before = BpfDescriptors();
        for (var i = 0; i < 5; i++)
            LiveOnce();
        Assert.Equal(before, BpfDescriptors());
    }

    [Fact]
    public void DescriptorZero_IsTaken()
    {
        using var testbed = new KernelTestbed();
        Assert.True(File.Exists("/proc/self/fd/0") || new FileInfo("/proc/self/fd/0").LinkTarget is not null);
    }

    private static void LiveOnce()
    {
        using var veth = VethPair.Create(NetworkNamespace.Initial);
        using var testbed = new KernelTestbed();
        testbed.Kernel.Programs.Load(KernelTestbed.Scope, "p", new EgressProgramConfig(EgressTemplate.Count));
        testbed.Kernel.Programs.Load(KernelTestbed.Scope, "p", new EgressProgramConfig(EgressTemplate.Drop));
        using (var devmap = testbed.Open(new DevmapRecord("default", new DevmapSpec(16))))
        {
            devmap.Update(KernelTestbed.Scope, 1, veth.Ifindex, "p");
            devmap.Attach(KernelTestbed.Scope, testbed.Interface(veth.Name), AttachMode.Native);
            devmap.Detach(KernelTestbed.Scope, veth.Name);
            devmap.Attach(KernelTestbed.Scope, testbed.Interface(veth.Name), AttachMode.Generic);
            Assert.Throws<KernelException>(() => devmap.Update(KernelTestbed.Scope, 2, 0x7ffffff0, "p"));
        }

        testbed.Restart();
        testbed.Kernel.Programs.Adopt(KernelTestbed.Scope);
        using (var devmap = testbed.Open(new DevmapRecord("default", new DevmapSpec(16))))
            devmap.Detach(KernelTestbed.Scope, veth.Name);
        Assert.Throws<ControlPlaneException>(() => testbed.Open(new DevmapRecord("default", new DevmapSpec(32))));
        KernelFeatureProbes.Run();
        testbed.Kernel.Programs.Unload(KernelTestbed.Scope, "p");
    }

    private static int BpfDescriptors() => Directory.GetFiles("/proc/self/fd")
        .Count(f => new FileInfo(f).LinkTarget?.Contains("bpf", StringComparison.Ordinal) == true);
}
